"""What Streamlit keeps of a page's widgets."""

from streamlit.runtime.scriptrunner import get_script_run_ctx


def forget_gone() -> None:
    """Drops what the session keeps of widgets that its last run did not show; call it before anything is shown.

    Streamlit drops their values, but not their callbacks, whose closures hold the tables and charts of the run that
    showed them, until the reader leaves: of each reader one page more for every change that gives a widget a new id.
    """
    if context := get_script_run_ctx():
        state = context.session_state._state
        widgets = state._new_widget_state
        shown = {*widgets.states, *state._old_state}
        widgets.widget_metadata = {name: known for name, known in widgets.widget_metadata.items() if name in shown}
