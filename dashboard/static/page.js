// Travels inside the page (dashboard/server.py). What Streamlit has no word for: three small things, and the big screen.
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

  // The server draws the charts in the colours of the mode: when the system turns dark, they must be drawn anew.
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => location.reload());
})();

// The big screen (dashboard/screen.py): fits a ground of 1080 lines to the wall, turns its views, keeps its clock. One
// timer, and nothing that is made anew while views turn: it stands for weeks.
(() => {
  const TICK = 250; // milliseconds
  const LINES = 1080, PANEL = 1920; // of the ground; a wall as wide as two panels shows two views
  const IDLE = 3000, LOST = 45000, RELOAD = 120000; // milliseconds
  const root = document.documentElement;
  const part = (name) => document.querySelector(`.st-key-screen [data-wall="${name}"]`);
  const beijing = (options) => new Intl.DateTimeFormat("zh-CN", { timeZone: "Asia/Shanghai", ...options });
  const DAY = beijing({ year: "numeric", month: "long", day: "numeric", weekday: "long" });
  const TIME = beijing({ hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
  let page = 0, since = 0, moved = 0, paused = false, beat = "", beaten = 0, asked = 0;

  const say = (element, text) => { if (element && element.textContent !== text) element.textContent = text; };
  const set = (element, name, value) => {
    if (element.style.getPropertyValue(name) !== value) element.style.setProperty(name, value);
  };
  const mark = (element, name, on) => { if (element.hasAttribute(name) !== on) element.toggleAttribute(name, on); };

  // How many views stand side by side, each at least as wide as 16:9; what is left over lies above and below.
  function fit(wall) {
    const panels = Math.max(1, Math.round(innerWidth / innerHeight / (PANEL / LINES)));
    const scale = Math.min(innerHeight / LINES, innerWidth / (PANEL * panels));
    set(wall, "--scale", String(scale));
    set(wall, "--width", `${innerWidth / scale}px`);
    set(wall, "--panel", `${innerWidth / scale / panels}px`);
    set(wall, "--top", `${(innerHeight - LINES * scale) / 2}px`);
    return panels;
  }

  function turn(by) {
    page += by;
    since = performance.now();
    tick();
  }

  function tick() {
    const wall = document.querySelector(".st-key-screen");
    const bar = wall?.querySelector(".wall.bar");
    if (!bar) {
      if (root.hasAttribute("data-wall")) root.removeAttribute("data-wall");
      return;
    }
    const now = performance.now();
    if (!root.hasAttribute("data-wall")) { page = 0; since = beaten = now; moved = now; paused = false; }
    const views = wall.querySelectorAll('[class*="st-key-screen_view_"]');
    const panels = fit(wall), pages = Math.max(1, Math.ceil(views.length / panels));
    const pace = Number(bar.dataset.pace);
    if (!paused && now - since >= pace * 1000) { page += 1; since = now; }
    page = ((page % pages) + pages) % pages;
    const names = wall.querySelectorAll(".wall.row li");
    views.forEach((view, number) => {
      // The last page begins again with the first view where views run out.
      const place = (number - page * panels + views.length) % views.length;
      const seen = place < panels;
      if (seen) set(view, "--place", String(place));
      mark(view, "data-seen", seen);
      if (names[number]) mark(names[number], "data-seen", seen);
    });
    say(part("day"), DAY.format(new Date()));
    say(part("time"), TIME.format(new Date()));
    say(part("state"), paused ? "▌▌ 已暂停" : `每${pace}秒换一屏`);
    const at = part("beat")?.dataset.at ?? "";
    if (at !== beat) { beat = at; beaten = now; }
    const state = now - beaten > LOST ? "lost" : now - moved > IDLE ? "idle" : "used";
    if (root.dataset.wall !== state) root.dataset.wall = state;
    if (now - beaten > RELOAD && now - asked > LOST) {
      asked = now;
      fetch(new URL("_stcore/health", document.baseURI), { cache: "no-store" })
        .then((answer) => { if (answer.ok) location.reload(); }, () => {});
    }
  }

  const ACTIONS = {
    back: () => turn(-1),
    on: () => turn(1),
    pause: () => { paused = !paused; since = performance.now(); tick(); },
    full: () => document.fullscreenElement ? document.exitFullscreen() : root.requestFullscreen(),
    leave: () => {
      const address = new URL(location.href);
      for (const name of ["mode", "pace"]) address.searchParams.delete(name);
      location.assign(address);
    },
  };
  const KEYS = { ArrowLeft: "back", ArrowRight: "on", " ": "pause", f: "full", F: "full", Escape: "leave" };

  addEventListener("keydown", (event) => {
    const action = root.hasAttribute("data-wall") && KEYS[event.key];
    if (!action || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    ACTIONS[action]();
  });
  addEventListener("click", (event) => {
    const button = event.target.closest?.(".st-key-screen button[data-wall]");
    if (button) { button.blur(); ACTIONS[button.dataset.wall](); }
  });
  addEventListener("mousemove", () => { moved = performance.now(); });
  addEventListener("resize", tick);
  setInterval(tick, TICK);
})();
