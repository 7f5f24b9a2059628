// Travels inside the page (dashboard/server.py). Two small things that Streamlit has no word for.
(() => {
  const FIND = 'input[aria-label="查找指标"]';

  // "/" leads to the search for an indicator, unless somebody is typing.
  addEventListener("keydown", (event) => {
    const typing = event.target.closest?.("input, textarea, select, [contenteditable]");
    if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || typing) return;
    event.preventDefault();
    const focus = () => document.querySelector(FIND)?.focus();
    const closed = document.querySelector('[data-testid="stExpandSidebarButton"]');
    closed?.click();
    closed ? setTimeout(focus, 400) : focus();
  });

  // The first visit's sentences, once put away, stay away.
  addEventListener("click", (event) => {
    if (!event.target.closest?.(".st-key-welcome_close button")) return;
    document.cookie = "welcome=seen; path=/; max-age=31536000; samesite=lax";
  });
})();
