// What the page does by itself, in the browser. Gradio offers no setting for any of this.
// Each behaviour is one function; start() at the end calls them all. Elements are found by id or by Gradio's
// test ids, always late and through delegation, because Gradio builds and rebuilds them as it likes.
(() => {
  "use strict";

  const STORED_LANGUAGE = "vitrine.language";
  const STORED_BATCH = "vitrine.batch";
  const STORED_UNSENT = "vitrine.unsent";
  const BOTTOM_PX = 24; // this near to its end, a conversation counts as read to the end
  const PHONE = "(max-width: 768px)"; // where Gradio's own style sheet lays the sidebar over the page

  const labels = window.vitrineLabels || {};
  const languages = new Set(["en", ...Object.keys(labels)]);
  let language = firstLanguage();
  let editTarget = "";
  let focusWanted = ""; // what is to appear before the cursor goes where the editing is

  const chatbot = () => document.getElementById("chatbot");
  const scroller = () => chatbot()?.querySelector('[role="log"]');
  const parts = () => [...(chatbot()?.querySelectorAll('[data-testid="user"], [data-testid="bot"]') ?? [])];
  const isNote = (part) => part.querySelector(".thought-group") !== null;
  const isBusy = () => document.querySelector("#message-box .stop-button") !== null;

  const MOST_FRAMES = 600;

  // Gradio draws a page, and whatever changes in it, over several frames.
  function whenThere(find, act, left = MOST_FRAMES) {
    const found = find();
    if (found) act(found);
    else if (left > 0) requestAnimationFrame(() => whenThere(find, act, left - 1));
  }

  // Storage may be forbidden; then what is kept lasts as long as the page.
  function stored(area, name) {
    try {
      return window[area].getItem(name) ?? "";
    } catch {
      return "";
    }
  }

  function store(area, name, value) {
    try {
      if (value) window[area].setItem(name, value);
      else window[area].removeItem(name);
    } catch {
      // As above.
    }
  }

  // ---------------------------------------------------------------- language

  function firstLanguage() {
    const chosen = stored("localStorage", STORED_LANGUAGE);
    if (languages.has(chosen)) return chosen;
    const wanted = navigator.languages ?? [navigator.language ?? "en"];
    return wanted.map((code) => code.slice(0, 2).toLowerCase()).find((code) => languages.has(code)) ?? "en";
  }

  function setLanguage(code) {
    if (!languages.has(code)) return;
    language = code;
    store("localStorage", STORED_LANGUAGE, code);
    document.documentElement.lang = code;
    if (document.body) relabel(document.body);
  }

  // Gradio's own words are English in every browser (gradio_inside.english_words()); they are translated here, so that
  // they follow the switch of the page.
  const english = new Map(); // every label in any language -> the English one
  for (const words of Object.values(labels))
    for (const [source, word] of Object.entries(words)) english.set(word, source).set(source, source);

  const translated = (text) => {
    const source = english.get(text);
    return source === undefined ? text : (labels[language]?.[source] ?? source);
  };

  const LABELLED = ["aria-label", "title", "placeholder"];

  function relabelElement(element) {
    // A plain div may bear no label; Gradio writes the whole message into one, anew for every token.
    if (element.matches('#chatbot [data-testid="user"], #chatbot [data-testid="bot"]')) {
      element.removeAttribute("aria-label");
      return;
    }
    for (const name of LABELLED) {
      const text = element.getAttribute(name);
      if (text === null) continue;
      const wanted = translated(text);
      if (wanted !== text) element.setAttribute(name, wanted);
    }
    // For the style sheet, which knows a button by its English name in every language.
    const source = english.get(element.getAttribute("aria-label") ?? "");
    if (source !== undefined && element.dataset.label !== source) element.dataset.label = source;
    // Each token would be read aloud; announceAnswers() reads the whole answer once.
    if (element.getAttribute("role") === "log" && element.getAttribute("aria-live") !== "off")
      element.setAttribute("aria-live", "off");
  }

  // Where Gradio writes English into the text itself: toasts are headed by the name of their kind, and the camera asks to
  // be allowed.
  const WORDED = ".toast-title, #camera button .wrap";

  function relabelText(element) {
    for (const node of element.childNodes) {
      if (node.nodeType !== Node.TEXT_NODE) continue;
      const wanted = translated(node.data.trim());
      if (wanted !== node.data.trim()) node.data = wanted;
    }
  }

  const LABELLED_SELECTOR = LABELLED.map((name) => `[${name}]`).join(",");

  function relabel(root) {
    if (root.matches?.(LABELLED_SELECTOR)) relabelElement(root);
    for (const element of root.querySelectorAll?.(LABELLED_SELECTOR) ?? []) relabelElement(element);
    for (const element of root.querySelectorAll?.(WORDED) ?? []) relabelText(element);
  }

  // The server builds the page in English; a reader of another language sees nothing of it before it is translated. The
  // new words take Gradio several frames, the titles of the tabs come last.
  const LONGEST_HIDDEN_MS = 8000; // from when there is something to see

  function hideUntilTranslated() {
    const built = new Set(window.vitrineBuilt); // what the samples say in English
    if (language === "en" || built.size === 0) return;
    const show = () => {
      document.documentElement.classList.remove("translating");
      changes.disconnect();
      clearTimeout(giveUp);
    };
    let giveUp;
    const changes = new MutationObserver(() => {
      const button = document.getElementById("new-chat");
      const tabs = [...document.querySelectorAll('[role="tab"]')]; // on a phone not all of them
      if (!button || tabs.length === 0) return;
      giveUp ??= setTimeout(show, LONGEST_HIDDEN_MS);
      if (![button, ...tabs].some((sample) => built.has(sample.textContent.trim()))) show();
    });
    changes.observe(document, { subtree: true, childList: true, characterData: true });
    document.documentElement.classList.add("translating");
  }

  // ---------------------------------------------------------------- sending

  // Gradio sends on any Enter. While a syllable is being composed, Enter belongs to the input method: it ends the
  // syllable, and neither sends nor breaks the line. The Enter after it sends the whole text.
  function guardComposition() {
    let composing = false;
    let endedByEnter = false;
    const inBox = (event) => event.target instanceof HTMLTextAreaElement;
    const swallow = (event) => {
      event.stopImmediatePropagation();
      event.preventDefault();
    };
    addEventListener("compositionstart", () => (composing = true), true);
    addEventListener("compositionend", () => (composing = false), true);
    addEventListener(
      "keydown",
      (event) => {
        if (!inBox(event) || event.key !== "Enter") return;
        endedByEnter = composing || event.isComposing || event.keyCode === 229;
        if (endedByEnter) event.stopImmediatePropagation();
      },
      true,
    );
    addEventListener("keyup", () => (endedByEnter = false), true);
    addEventListener(
      "keypress",
      (event) => {
        if (inBox(event) && event.key === "Enter" && (endedByEnter || composing || event.isComposing)) swallow(event);
      },
      true,
    );
    addEventListener(
      "beforeinput",
      (event) => {
        if (endedByEnter && event.inputType === "insertLineBreak") swallow(event);
      },
      true,
    );
  }

  // A message is taken out of the box without asking the server, which would cost a round trip before the first token:
  // take() empties the box, shows Stop and closes what stands around the box; sent() hands the message to the event
  // that streams its answer, once; release() shows Submit again. What is typed meanwhile stays in the box.
  let taken = null;
  let onItsWay = null; // the message that was handed over, and the end of the conversation then
  let pressed = false; // for the moment until Gradio calls take(), if it does
  // An answer that is left for a new chat is released, once or twice, when the server has been told: too late, where the
  // box shows Stop for the next answer by then.
  const LONGEST_LEAVE_MS = 10_000;
  let answers = 0;
  let left = { answers: 0, at: -Infinity };
  let stopped = 0; // the answer for which Stop was pressed last
  const update = (properties) => ({ __type__: "update", ...properties });

  function take(message) {
    pressed = false;
    taken = message;
    const box = update({ value: { text: "", files: [] }, submit_btn: false, stop_btn: true });
    return [box, update({ visible: false }), update({ visible: false }), update({ visible: false })];
  }

  function sent() {
    const message = taken;
    taken = null;
    answers += 1;
    onItsWay = message && { message, end: lastQuestion(), answer: answers };
    return message;
  }

  function leave() {
    if (isBusy()) left = { answers, at: performance.now() };
  }

  // The event that streams the answer has failed, or was cancelled. What the server has not taken goes back into the box.
  function release() {
    if (answers > left.answers && performance.now() - left.at < LONGEST_LEAVE_MS) return update({});
    const message = stopped < answers && left.answers < answers ? lost() : null;
    const back = message && isEmpty(document.getElementById("message-box")) ? { value: message } : {};
    return update({ submit_btn: true, stop_btn: false, ...back });
  }

  // A message that was handed over and is not in the conversation.
  const lost = () => (onItsWay !== null && onItsWay.end === lastQuestion() ? onItsWay.message : null);

  // When the connection is lost, Gradio tells no event, and opens the page anew as soon as the server is back.
  function keepUnsent() {
    addEventListener("pagehide", () => {
      const text = lost()?.text;
      if (text) store("sessionStorage", STORED_UNSENT, text);
    });
    const text = stored("sessionStorage", STORED_UNSENT);
    if (!text) return;
    store("sessionStorage", STORED_UNSENT, "");
    whenThere(
      () => document.querySelector("#message-box textarea"),
      (field) => {
        field.value = text;
        field.dispatchEvent(new Event("input", { bubbles: true }));
      },
    );
  }

  const isEmpty = (box) =>
    box.querySelector("textarea").value.trim() === "" && !box.querySelector(".thumbnail-item");
  // How many questions there are, and the last one.
  function lastQuestion() {
    const asked = parts().filter((part) => part.dataset.testid === "user");
    return `${asked.length} ${asked.at(-1)?.textContent}`;
  }

  // A second Enter or click before Stop has come into sight, and an empty box, send nothing.
  function guardSending() {
    const mayNotSend = (box) =>
      pressed ||
      taken !== null ||
      isBusy() ||
      isEmpty(box);
    const guard = (event) => {
      const box = event.target instanceof Element && event.target.closest("#message-box");
      if (!box) return;
      const sends =
        event.type === "click"
          ? event.target.closest(".submit-button")
          : event.key === "Enter" && !event.shiftKey && event.target instanceof HTMLTextAreaElement;
      if (!sends) return;
      if (!mayNotSend(box)) {
        pressed = true;
        setTimeout(() => (pressed = false), 100);
        return;
      }
      event.stopImmediatePropagation();
      event.preventDefault();
    };
    addEventListener("click", guard, true);
    addEventListener("keypress", guard, true);
    addEventListener(
      "click",
      (event) => {
        if (event.target instanceof Element && event.target.closest("#message-box .stop-button")) stopped = answers;
      },
      true,
    );
  }

  // ---------------------------------------------------------------- copying

  // Gradio copies an answer together with its notes. The server has put an invisible mark before and after each of
  // them, so that the copy button gives the answer alone.
  const NOTES = /\u2063[^\u2063]*\u2063\n?/g;
  const withoutNotes = (text) => text.replace(NOTES, "").replace(/^\n+|\n+$/g, "");

  function copyWithoutNotes() {
    const clipboard = navigator.clipboard;
    if (clipboard) {
      const write = clipboard.writeText.bind(clipboard);
      clipboard.writeText = (text) => write(text.includes("\u2063") ? withoutNotes(text) : text);
    }
    // Without a secure context there is no clipboard; Gradio then selects a hidden field and copies that.
    addEventListener("copy", (event) => {
      const field = document.activeElement;
      const text = field instanceof HTMLTextAreaElement ? field.value : "";
      if (!text.includes("\u2063")) return;
      event.clipboardData.setData("text/plain", withoutNotes(text));
      event.preventDefault();
    });
  }

  // ---------------------------------------------------------------- editing

  // Gradio's inline editor throws on a message with a picture. The pencil presses our hidden button instead, whose
  // event asks for vitrine.editTarget(): {"part": n, "role": "user" | "bot"}, n counting the parts (a text, a picture,
  // a note) of the whole conversation from 0, as they stand in the page. A pencil belongs to a group of parts; meant
  // is the last one that is no note.
  function takeOverPencil() {
    const names = new Set(["Edit", ...Object.values(labels).map((words) => words.Edit)]);
    addEventListener(
      "click",
      (event) => {
        const button = event.target instanceof Element && event.target.closest("#chatbot .message-buttons button");
        if (!button || !names.has(button.getAttribute("aria-label"))) return;
        event.stopImmediatePropagation();
        event.preventDefault();
        if (button.disabled || isBusy()) return;
        const row = button.closest(".message-buttons").previousElementSibling;
        const target = parts().filter((part) => row?.contains(part) && !isNote(part)).at(-1);
        if (!target) return;
        editTarget = JSON.stringify({ part: parts().indexOf(target), role: target.dataset.testid });
        focusWanted = target.dataset.testid === "user" ? "#edit-banner" : "#answer-text";
        const start = () => document.querySelector("button#edit-start, #edit-start button");
        whenThere(start, (button) => button.click());
      },
      true,
    );
  }

  function focusEditor() {
    if (!focusWanted || !document.querySelector(focusWanted)) return;
    const field = focusWanted === "#edit-banner" ? "#message-box textarea" : "#answer-text textarea";
    focusWanted = "";
    document.querySelector(field)?.focus();
  }

  // ---------------------------------------------------------------- reading

  // While an answer streams the page shows Stop; when Stop goes, the turn is over.
  function watchTurns(onStart, onEnd) {
    let busy = false;
    return () => {
      if (isBusy() === busy) return;
      busy = !busy;
      (busy ? onStart : onEnd)();
    };
  }

  // The screen reader hears one text per turn: the answer and its notes, when they are complete.
  function announcer() {
    const region = document.createElement("div");
    region.id = "announcer";
    region.setAttribute("role", "status");
    region.setAttribute("aria-live", "polite");
    document.body.append(region);
    return {
      clear: () => (region.textContent = ""),
      announce: () => {
        const all = parts();
        const lastQuestion = all.findLastIndex((part) => part.dataset.testid === "user");
        region.textContent = all.slice(lastQuestion + 1).map((part) => part.innerText.trim()).join("\n");
      },
    };
  }

  // The conversation follows the answer only while the reader is at its end. (Gradio's own autoscroll jumps back for
  // 0.3 s after every token, so it has to be off: Chatbot(autoscroll=False).)
  function followConversation() {
    let following = true;
    let lastTop = 0;
    let seenEnd = 0; // where the conversation ended as the reader last saw it
    const endOf = (view) => view.scrollHeight - view.clientHeight;
    const resized = () => {
      const view = scroller();
      if (!view) return;
      if (following) view.scrollTop = view.scrollHeight;
      seenEnd = endOf(view);
    };
    addEventListener(
      "scroll",
      ({ target }) => {
        if (target !== scroller()) return;
        // More of the answer may have come since the reader scrolled to the end that was there.
        if (target.scrollTop >= Math.min(seenEnd, endOf(target)) - BOTTOM_PX) following = true;
        else if (target.scrollTop < lastTop) following = false;
        lastTop = target.scrollTop;
      },
      { capture: true, passive: true },
    );
    addEventListener(
      "wheel",
      ({ target, deltaY }) => {
        const view = scroller();
        if (deltaY < 0 && view?.contains(target) && view.scrollTop > 0) following = false;
      },
      { capture: true, passive: true },
    );
    const sizes = new ResizeObserver(resized);
    let watched = [];
    return {
      follow: () => {
        following = true;
        resized();
      },
      watch: () => {
        const view = scroller();
        const now = view ? [view, ...view.children] : [];
        if (now.length === watched.length && now.every((element, i) => element === watched[i])) return;
        sizes.disconnect();
        now.forEach((element) => sizes.observe(element));
        watched = now;
      },
    };
  }

  // ---------------------------------------------------------------- layout

  // On a phone an open sidebar covers the chat. Gradio opens it, and once more while it starts; the style sheet keeps
  // it out of sight until it has been closed and has stayed so for two frames (.sidebar-ready).
  function closeSidebarOnPhones() {
    if (!matchMedia(PHONE).matches) return;
    let calm = 0;
    const check = () => {
      const sidebar = document.querySelector(".sidebar");
      if (sidebar?.classList.contains("open")) sidebar.querySelector(".toggle-button").click();
      calm = sidebar && !sidebar.classList.contains("open") ? calm + 1 : 0;
      if (calm > 2) document.documentElement.classList.add("sidebar-ready");
      else requestAnimationFrame(check);
    };
    check();
  }

  // "use my key" in the chip: the sidebar and the form open, and the cursor goes where the key goes. All of that takes
  // Gradio some frames, and a sidebar that slides in must have arrived before it is typed into.
  function openOwnConnection() {
    const sidebar = document.querySelector(".sidebar");
    if (!sidebar?.classList.contains("open")) sidebar?.querySelector(".toggle-button")?.click();
    const shown = () => document.querySelector("#api-key input")?.checkVisibility() ?? false;
    if (!shown()) document.querySelector("#own-connection > button")?.click();
    whenThere(
      () => shown() && document.querySelector("#api-key input"),
      (key) => key.focus(),
    );
  }

  // On a phone the sidebar lies over the new chat that was asked for in it.
  function closeSidebarForNewChat() {
    addEventListener("click", (event) => {
      const pressed = event.target instanceof Element && event.target.closest("#new-chat");
      if (!pressed || !matchMedia(PHONE).matches) return;
      document.querySelector(".sidebar.open .toggle-button")?.click();
    });
  }

  function takeOverKeyLink() {
    addEventListener("click", (event) => {
      if (event.target instanceof Element && event.target.closest(".use-my-key")) openOwnConnection();
    });
  }

  // The card that counts leads to another tab, to a place that may lie below the edge, once its figures are there.
  function showStory() {
    whenThere(
      () => {
        const story = document.getElementById("count-story");
        return story?.checkVisibility() && document.querySelector("#counts table") && story;
      },
      (story) => {
        story.scrollIntoView({ block: "start" });
        document.getElementById("back-to-chat").focus({ preventScroll: true });
      },
    );
  }

  // ---------------------------------------------------------------- many pictures

  // Gradio's file field takes dropped files, but no folders. A folder is read here, and what is in it given to the field
  // as if it had been chosen there.
  const filesIn = async (entry) => {
    if (entry.isFile) return [await new Promise((resolve, reject) => entry.file(resolve, reject))];
    const reader = entry.createReader();
    const files = [];
    for (;;) {
      // A reader gives a hundred entries at a time.
      const entries = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
      if (entries.length === 0) return files;
      for (const inner of entries) files.push(...(await filesIn(inner)));
    }
  };

  function takeFolders() {
    addEventListener(
      "drop",
      async (event) => {
        const field = event.target instanceof Element && event.target.closest(".drop-field");
        const entries = [...(event.dataTransfer?.items ?? [])].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
        if (!field || !entries.some((entry) => entry.isDirectory)) return;
        event.preventDefault();
        event.stopImmediatePropagation();
        const files = (await Promise.all(entries.map(filesIn))).flat().filter((file) => !file.name.startsWith("."));
        const chosen = new DataTransfer();
        for (const file of files) chosen.items.add(file);
        const input = field.querySelector('input[type="file"]');
        input.files = chosen.files;
        input.dispatchEvent(new Event("change", { bubbles: true }));
      },
      true,
    );
  }

  // Descriptions last as long as the page: a slip of the hand would take them, edited and paid for, without a word.
  function askBeforeLeaving() {
    addEventListener("beforeunload", (event) => {
      if (document.querySelector('.picture-text:not([hidden]), .picture[data-status="running"]')) event.preventDefault();
    });
  }

  // Buttons that delete, what is paid for and would be gone, and the question.
  const WHAT_IS_CLEARED = {
    "#describe-clear": [".picture-text:not([hidden])", "Clear all descriptions"],
    "#batch-clear": ["#batch-exports", "Delete rows and answers"],
  };

  function askBeforeClearing() {
    addEventListener(
      "click",
      (event) => {
        const words = Object.entries(WHAT_IS_CLEARED).find(
          ([button, [answers]]) => event.target.closest?.(button) && document.querySelector(answers),
        )?.[1][1];
        if (words && !confirm(translated(words))) event.stopImmediatePropagation();
      },
      true,
    );
  }

  // When an answer has ended, its transcript is drawn anew and scrolled to its end. A button that is pressed in that moment
  // is elsewhere, or another node, when it is let go, and the click is lost: then it is made up for. Who draws the pointer
  // away has changed his mind.
  function saveClicks() {
    const STILL = 6;
    const button = (node) => node?.closest?.("#chatbot button");
    let pressed = null;
    let place = [0, 0];
    addEventListener(
      "pointerdown",
      (event) => {
        pressed = button(event.target);
        place = [event.clientX, event.clientY];
      },
      true,
    );
    addEventListener(
      "pointerup",
      (event) => {
        const moved = Math.hypot(event.clientX - place[0], event.clientY - place[1]);
        if (!pressed || moved > STILL || pressed.contains(event.target)) return;
        const there = document.elementFromPoint(event.clientX, event.clientY);
        const now = pressed.isConnected ? pressed : button(there);
        if (now?.textContent === pressed.textContent && now.ariaLabel === pressed.ariaLabel) now.click();
      },
      true,
    );
  }

  // A file that the server has just made, behind a button that is out of sight, which gets its address some frames later.
  function download(id) {
    const link = () => document.querySelector(`#${id} a, a#${id}`) ?? document.querySelector(`#${id}`);
    requestAnimationFrame(() => requestAnimationFrame(() => link()?.click()));
  }

  // The id of the visitor's batch, by which its finished rows are found again after a reload; empty: there is none.
  const keepBatch = (id) => store("localStorage", STORED_BATCH, id);
  const keptBatch = () => stored("localStorage", STORED_BATCH);

  async function copy(text) {
    if (navigator.clipboard) {
      await navigator.clipboard.writeText(text);
      return;
    }
    // Without a secure context there is no clipboard; what is selected in a field can be copied all the same.
    const field = document.createElement("textarea");
    field.value = text;
    document.body.append(field);
    field.select();
    document.execCommand("copy");
    field.remove();
  }

  // ---------------------------------------------------------------- start

  function start() {
    document.documentElement.lang = language;
    const voice = announcer();
    const conversation = followConversation();
    const checkTurn = watchTurns(
      () => {
        voice.clear();
        conversation.follow();
      },
      () => {
        voice.announce();
        onItsWay = null;
      },
    );
    const look = () => {
      conversation.watch();
      focusEditor();
      checkTurn();
    };
    new MutationObserver((changes) => {
      for (const change of changes) {
        if (change.type === "attributes") relabelElement(change.target);
        else change.addedNodes.forEach(relabel);
      }
      look();
    }).observe(document.body, { subtree: true, childList: true, attributes: true, attributeFilter: LABELLED });
    // Gradio writes <html lang> itself once it knows its language.
    new MutationObserver(() => {
      if (document.documentElement.lang !== language) document.documentElement.lang = language;
    }).observe(document.documentElement, { attributes: true, attributeFilter: ["lang"] });
    relabel(document.body);
    look();
    closeSidebarOnPhones();
    keepUnsent();
  }

  window.vitrine = {
    language: () => language,
    setLanguage,
    editTarget: () => editTarget,
    take,
    sent,
    leave,
    release,
    showStory,
    download,
    copy,
    keepBatch,
    keptBatch,
  };
  hideUntilTranslated();
  guardComposition();
  guardSending();
  copyWithoutNotes();
  takeOverPencil();
  takeOverKeyLink();
  takeFolders();
  askBeforeLeaving();
  askBeforeClearing();
  saveClicks();
  closeSidebarForNewChat();
  if (document.body) start();
  else addEventListener("DOMContentLoaded", start);
})();
