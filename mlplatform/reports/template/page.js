"use strict";
(() => {
  const charts = [...document.querySelectorAll(".chart")].map((chart) => chart.id.replace("-chart", ""));
  const element = (name) => document.getElementById(`${name}-chart`);

  // Text and grid follow the page's scheme; the lines' colours read on both grounds.
  const themed = (layout, width) => {
    const css = getComputedStyle(document.documentElement);
    const color = (name) => css.getPropertyValue(name).trim();
    const font = { family: getComputedStyle(document.body).fontFamily, size: 12, color: color("--soft") };
    const next = { ...layout, font, dragmode: zooms ? "zoom" : false };
    next.hoverlabel = { bgcolor: color("--raised"), bordercolor: color("--line"), font: { ...font, color: color("--ink") } };
    for (const key of Object.keys(layout).filter((name) => /^[xy]axis/.test(name))) {
      const across = key.startsWith("x");
      const every = Math.max(1, Math.ceil((layout[key].tickvals ?? []).length / Math.max(2, Math.floor(width / 75))));
      const kept = (values) => values?.filter((_, n) => n % every === 0);
      next[key] = {
        ...layout[key], automargin: true, fixedrange: !(zooms && key === "xaxis"), tickangle: layout[key].type === "category" ? "auto" : 0, gridcolor: color("--grid"), griddash: "solid",
        showgrid: layout[key].showgrid ?? !across, zeroline: layout[key].zeroline ?? !across,
        zerolinecolor: color("--line"), linecolor: color("--line"), tickcolor: color("--line"),
        showline: across, ticks: across ? "outside" : "",
        ...(layout[key].tickvals && { tickvals: kept(layout[key].tickvals), ticktext: kept(layout[key].ticktext) }),
        nticks: across ? Math.max(3, Math.min(12, Math.floor(width / 75))) : layout[key].nticks,
      };
    }
    return next;
  };

  // A finger drags the page; only a mouse drags a zoom into time.
  const zooms = matchMedia("(pointer: fine)").matches;

  const figures = {};
  // Always anew: react keeps ranges of the old width that hold no point in the new one.
  const draw = (name) =>
    Plotly.newPlot(element(name), figures[name].data, themed(figures[name].layout, element(name).clientWidth), { displayModeBar: false, responsive: true });
  const drawAll = () => charts.forEach(draw);

  for (const name of charts) figures[name] = JSON.parse(document.getElementById(`${name}-figure`).textContent);
  drawAll();
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawAll);
  // Another width has room for another number of ticks.
  let drawnAt = innerWidth, waiting;
  addEventListener("resize", () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => { if (innerWidth !== drawnAt) { drawnAt = innerWidth; drawAll(); } }, 120);
  });
  matchMedia("print").addEventListener("change", drawAll);

  for (const button of document.querySelectorAll(".legend button")) {
    button.addEventListener("click", () => {
      const name = button.parentElement.dataset.chart.replace("-chart", "");
      const shown = button.getAttribute("aria-pressed") !== "true";
      button.setAttribute("aria-pressed", String(shown));
      for (const trace of figures[name].data) if (trace.meta === button.dataset.policy) trace.visible = shown;
      draw(name);
    });
  }
})();
