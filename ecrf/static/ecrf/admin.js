"use strict";

// The content policy allows no <style> made by scripts.
if (window.htmx) {
  window.htmx.config.includeIndicatorStyles = false;
}

(() => {
  const CELLS = "input:not([type=hidden]):not([type=checkbox]), select, textarea";

  // Enter goes to the next cell of a grid instead of saving the form: to the same column one line down.
  function nextCell(cell) {
    const column = cell.closest("td")?.dataset.column;
    let line = cell.closest("tr")?.nextElementSibling;
    while (line) {
      const next = column && line.querySelector(`td[data-column="${CSS.escape(column)}"] :is(${CELLS})`);
      if (next) return next;
      line = line.nextElementSibling;
    }
    return null;
  }

  document.addEventListener("keydown", (event) => {
    const field = event.target;
    if (event.key !== "Enter" || !(field instanceof HTMLElement) || !field.matches("input, select")) return;
    if (!field.closest(".ec-sheet") || field.type === "submit") return;
    event.preventDefault();
    if (field.closest(".ec-grid")) {
      const next = nextCell(field);
      next?.focus();
      next?.select?.();
    }
  });

  // A column copied from a laboratory report goes down the lines.
  document.addEventListener("paste", (event) => {
    const field = event.target;
    if (!(field instanceof HTMLInputElement) || !field.closest(".ec-grid")) return;
    const lines = (event.clipboardData?.getData("text") ?? "").replace(/\r?\n$/, "").split(/\r?\n/);
    if (lines.length < 2) return;
    event.preventDefault();
    let cell = field;
    for (const text of lines) {
      if (!cell) break;
      cell.value = text.trim();
      cell = nextCell(cell);
    }
  });

  document.addEventListener("click", (event) => {
    const button = event.target instanceof Element ? event.target.closest("button") : null;
    if (button?.hasAttribute("data-clear")) {
      const radios = button.parentElement.querySelectorAll("input[type=radio]");
      for (const radio of radios) radio.checked = false;
      for (const kind of ["input", "change"]) radios[0]?.dispatchEvent(new Event(kind, { bubbles: true }));
    }
    if (button?.hasAttribute("data-add")) addLine(button.closest("[data-rows]"));
  });

  function addLine(rows) {
    const total = rows.querySelector("input[name$='-TOTAL_FORMS']");
    const number = Number(total.value);
    const copy = rows.querySelector("template[data-blank]").content.cloneNode(true);
    for (const element of copy.querySelectorAll("*")) {
      for (const name of ["name", "id", "for", "aria-labelledby"]) {
        const value = element.getAttribute(name);
        if (value) element.setAttribute(name, value.replace("__prefix__", String(number)));
      }
    }
    rows.querySelector("[data-body]").append(copy);
    total.value = String(number + 1);
    rows.querySelector("[data-body] tr:last-child")?.querySelector(CELLS)?.focus();
  }

  // A part that is asked after an answer opens with it, and closes again while nothing was typed in it.
  const isTouched = (field) => (field.type === "radio" ? field.checked : field.value !== "");

  document.addEventListener("change", (event) => {
    const { name } = event.target;
    const value = event.target.type === "radio" && !event.target.checked ? "" : event.target.value;
    for (const part of document.querySelectorAll("details[data-asked-after]")) {
      if (part.dataset.askedAfter !== name) continue;
      const asked = part.dataset.codes.split("|").includes(value);
      part.open = asked || [...part.querySelectorAll("input, select, textarea")].some(isTouched);
    }
  });

  // Terms of a dictionary are proposed while one is typed; any text may still be typed.
  const WAIT_FOR_TYPING = 150;
  const typing = new WeakMap();

  function proposalsOf(field) {
    const id = `${field.id}_proposals`;
    let list = document.getElementById(id);
    if (!list) {
      list = document.createElement("datalist");
      list.id = id;
      field.after(list);
      field.setAttribute("list", id);
    }
    return list;
  }

  async function propose(field) {
    const typed = field.value;
    if (typed.trim().length < 2) return;
    const address = new URL(field.dataset.suggest, document.baseURI);
    address.searchParams.set("q", typed);
    const reply = await fetch(address, { headers: { Accept: "application/json" } });
    if (!reply.ok || field.value !== typed) return;
    const { terms } = await reply.json();
    const options = terms.map(({ term, note }) => {
      const option = document.createElement("option");
      option.value = term;
      option.label = note;
      return option;
    });
    proposalsOf(field).replaceChildren(...options);
  }

  document.addEventListener("input", (event) => {
    const field = event.target;
    if (!(field instanceof HTMLInputElement) || !field.dataset.suggest) return;
    clearTimeout(typing.get(field));
    typing.set(field, setTimeout(() => propose(field).catch(() => {}), WAIT_FOR_TYPING));
  });

  // A second click on Save must not enter the form twice.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.hasAttribute("data-once")) return;
    if (form.dataset.sent) event.preventDefault();
    form.dataset.sent = "1";
    unsaved = false;
  });
  window.addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll("form[data-once]")) delete form.dataset.sent;
  });

  let unsaved = false;
  document.addEventListener("input", (event) => {
    if (event.target.closest?.(".ec-sheet")) unsaved = true;
  });
  window.addEventListener("beforeunload", (event) => {
    if (unsaved) event.preventDefault();
  });

  document.addEventListener("DOMContentLoaded", () => {
    const wrong = document.querySelector(".ec-wrong :is(input:not([type=hidden]), select, textarea)");
    if (!wrong && location.hash) return; // a link led to a place of the page
    (wrong ?? document.querySelector(".ec-sheet .ec-question :is(input, select, textarea)"))?.focus();
  });
})();
