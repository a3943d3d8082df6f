import subprocess
import sys
from pathlib import Path

import mlplatform.models

HEAVY = ("lightgbm", "xgboost", "sklearn", "optuna", "tensorflow", "keras", "scipy", "pandas")


def test_importing_every_module_of_the_room_imports_no_heavy_library():
    folder = Path(mlplatform.models.__file__).parent
    modules = [f"mlplatform.models.{path.stem}" for path in sorted(folder.glob("[a-z]*.py"))]
    assert len(modules) > 10
    script = (
        f"import sys; sys.path.insert(0, {str(folder.parents[1])!r})\n"
        + "".join(f"import {module}\n" for module in modules)
        + f"print([name for name in {HEAVY!r} if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
