"""The pages' templates: HTML, style and script, filled in by Jinja."""

from importlib.resources import files

_TEMPLATES = files("mlplatform.reports") / "template"


def rendered(page: str, parts: tuple[str, ...], **values: object) -> str:
    """The template `page` filled in; `parts` are the templates that it may include.

    What a template names and `values` do not hold is an error, never an empty place; text is
    escaped.
    """
    from jinja2 import DictLoader, Environment, StrictUndefined

    environment = Environment(
        loader=DictLoader({name: template_text(name) for name in (page, *parts)}),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(page).render(**values)


def template_text(*names: str) -> str:
    """These files of the templates' folder, one after the other."""
    return "".join((_TEMPLATES / name).read_text(encoding="utf-8") for name in names)
