// Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later
"use strict";
(() => {
  const byId = (id) => document.getElementById(id);
  const { texts, hosts } = JSON.parse(byId("data").textContent);
  const text = (place) => (place === null ? null : texts[place]);
  const matrix = byId("matrix");
  const panel = byId("details");
  const head = [...matrix.tHead.rows[0].cells];
  const rows = [...matrix.tBodies[0].rows];
  const FIXED = 2; // the columns before the settings
  const QUIET = ["compliant", "not_applicable", "not_managed"];
  const LABELS = ["Before", "After", "In force", "Held back by", "Reason", "What to do", "Source", "More"];
  const IN_FORCE = 2;

  const findings = hosts.map((host) =>
    host.findings.map(([column, state, pending, ...rest]) => ({
      column, state: text(state), pending: Boolean(pending), values: rest.map(text),
    })));
  const servers = rows.map((row, number) => ({
    row,
    name: row.cells[0].textContent.toLowerCase(),
    roles: row.dataset.roles.trim().split(" "),
    state: row.cells[1].textContent.replaceAll(" ", "_"),
    waits: hosts[number].notes.some(([kind]) => text(kind) === "Pending"),
    unfinished: hosts[number].notes.some(([kind]) => text(kind) === "Not finished"),
    notes: hosts[number].notes.map(([kind, found]) => [text(kind), found.map(text)]),
    findings: findings[number],
  }));

  const isNotable = (finding) => finding.pending || !QUIET.includes(finding.state);
  const words = (state) => state.replaceAll("_", " ");

  // Filters -----------------------------------------------------------------------------------------------------------
  const filter = { host: byId("f-host"), role: byId("f-role"), setting: byId("f-setting"), state: byId("f-state") };
  const counts = [...document.querySelectorAll("button.count")];

  function matches(finding, state) {
    if (state === "trouble") return isNotable(finding);
    return state === "pending" ? finding.pending : finding.state === state;
  }

  function wanted(server, column, state) {
    const found = column < 0 ? server.findings : server.findings.filter((finding) => finding.column === column);
    if (state === "") return column < 0 || found.length > 0;
    const ofServer = server.state === state || (state === "pending" && server.waits)
      || (state === "unfinished" && server.unfinished)
      || (state === "trouble" && (server.state !== "read" || server.waits || server.unfinished));
    return ofServer || found.some((finding) => matches(finding, state));
  }

  function showColumns(isShown) {
    for (let column = FIXED; column < head.length; column += 1) {
      const hide = !isShown(column - FIXED);
      if (head[column].hidden === hide) continue;
      head[column].hidden = hide;
      for (const row of rows) row.cells[column].hidden = hide;
    }
  }

  function apply() {
    const name = filter.host.value.trim().toLowerCase();
    const role = filter.role.value;
    const column = filter.setting.value === "" ? -1 : Number(filter.setting.value) - 1;
    const state = filter.state.value;
    const all = name === "" && role === "" && state === "";
    const columns = new Set(column < 0 ? [] : [column]);
    let shown = 0;
    for (const server of servers) {
      const show = server.name.includes(name) && (role === "" || server.roles.includes(role))
        && wanted(server, column, state);
      server.row.hidden = !show;
      if (!show) continue;
      shown += 1;
      if (column < 0) for (const finding of server.findings) columns.add(finding.column);
    }
    // A role's servers have few of the settings: columns that nobody shown has only take room.
    showColumns((at) => columns.has(at) || (all && column < 0));
    const total = `${rows.length} server${rows.length === 1 ? "" : "s"}`;
    byId("shown").textContent = shown === rows.length ? total : `${shown} of ${total}`;
    matrix.dataset.state = state;
    for (const count of counts) count.setAttribute("aria-pressed", String(count.dataset.state === state));
    keepReachable();
  }

  filter.host.addEventListener("input", apply);
  for (const choice of [filter.role, filter.setting, filter.state]) choice.addEventListener("change", apply);
  const form = filter.host.form;
  form.addEventListener("submit", (event) => event.preventDefault());
  byId("f-all").addEventListener("click", () => {
    form.reset();
    apply();
  });
  for (const count of counts) {
    count.addEventListener("click", () => {
      filter.state.value = filter.state.value === count.dataset.state ? "" : count.dataset.state;
      apply();
      matrix.scrollIntoView({ block: "nearest" });
    });
  }

  // One cell of the matrix is in the tab order; arrow keys move it. ------------------------------------------------------
  let current = rows.length ? rows[0].cells[0] : null;

  function stand(cell, focus) {
    if (current) current.removeAttribute("tabindex");
    current = cell;
    if (!cell) return;
    cell.tabIndex = 0;
    if (focus) cell.focus();
  }

  function keepReachable() {
    if (current && !current.hidden && !current.parentElement.hidden) return;
    const first = rows.find((row) => !row.hidden);
    stand(first ? first.cells[0] : null, false);
  }

  const seen = (cells) => [...cells].filter((cell) => !cell.hidden);

  function beside(row, down, cell) {
    let found = row;
    for (let left = Math.abs(down); left > 0;) {
      const next = down > 0 ? found.nextElementSibling : found.previousElementSibling;
      let at = next;
      while (at && at.hidden) at = down > 0 ? at.nextElementSibling : at.previousElementSibling;
      if (!at) break;
      found = at;
      left -= 1;
    }
    return found.cells[cell.cellIndex];
  }

  function target(cell, key, control) {
    const row = cell.parentElement;
    const line = seen(row.cells);
    const at = line.indexOf(cell);
    switch (key) {
      case "ArrowRight": return line[Math.min(at + 1, line.length - 1)];
      case "ArrowLeft": return line[Math.max(at - 1, 0)];
      case "ArrowDown": return beside(row, 1, cell);
      case "ArrowUp": return beside(row, -1, cell);
      case "PageDown": return beside(row, 15, cell);
      case "PageUp": return beside(row, -15, cell);
      case "Home": return control ? seen(rows.find((one) => !one.hidden).cells)[0] : line[0];
      case "End": return control ? seen(rows.findLast((one) => !one.hidden).cells).at(-1) : line.at(-1);
      default: return null;
    }
  }

  matrix.tBodies[0].addEventListener("keydown", (event) => {
    const cell = event.target.closest("td,th");
    if (!cell || event.altKey || event.metaKey) return;
    if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      open(cell, true);
      return;
    }
    const next = target(cell, event.key, event.ctrlKey);
    if (!next) return;
    event.preventDefault();
    stand(next, true);
    next.scrollIntoView({ block: "nearest", inline: "nearest" });
  });

  matrix.tBodies[0].addEventListener("click", (event) => {
    const cell = event.target.closest("td,th");
    if (!cell || String(getSelection())) return;
    stand(cell, true);
    open(cell, false);
  });

  // Details -----------------------------------------------------------------------------------------------------------
  let opener = null;

  function element(name, content, className) {
    const made = document.createElement(name);
    if (content !== undefined) made.textContent = content;
    if (className) made.className = className;
    return made;
  }

  function entry(list, label, value) {
    list.append(element("dt", label), element("dd", value));
  }

  const titleOf = (column) => head[column + FIXED].querySelector("span").textContent;
  const fixOf = (column) => head[column + FIXED].querySelector("small").textContent;

  function describe(finding) {
    const made = element("article");
    const title = element("h3", `${titleOf(finding.column)} `);
    title.append(element("small", fixOf(finding.column)));
    const state = element("p", words(finding.state), `state ${finding.pending ? "pending" : finding.state}`);
    if (finding.pending) state.append(" ", element("i", "pending"));
    const list = element("dl");
    finding.values.forEach((value, place) => {
      if (place === IN_FORCE) entry(list, LABELS[place], finding.pending ? `${value}, pending` : value);
      else if (value !== null && value !== "") entry(list, LABELS[place], value);
    });
    made.append(title, state, list);
    return made;
  }

  function describeServer(server) {
    const made = element("article");
    const list = element("dl");
    entry(list, "State", words(server.state));
    entry(list, "Roles", server.roles.filter(Boolean).map((role) => filter.role.options[Number(role)].textContent)
      .join(", ") || "none");
    for (const [kind, found] of server.notes) entry(list, kind, found.join("\n"));
    made.append(list);
    return made;
  }

  function open(cell, focus) {
    const server = servers[rows.indexOf(cell.parentElement)];
    const column = cell.cellIndex - FIXED;
    const found = column < 0 ? server.findings : server.findings.filter((finding) => finding.column === column);
    const nothing = column < 0 ? "No setting was looked at."
      : "Nothing is known of this setting: the server has no role for it, or was not asked.";
    byId("d-title").textContent = server.row.cells[0].textContent;
    byId("d-body").replaceChildren(
      ...(column < 0 ? [describeServer(server)] : []),
      ...(found.length ? found.map(describe) : [element("p", nothing, "quiet")]),
    );
    if (opener) opener.removeAttribute("aria-selected");
    opener = cell;
    cell.setAttribute("aria-selected", "true");
    panel.hidden = false;
    document.body.classList.add("with-details");
    panel.scrollTop = 0;
    if (focus) byId("d-title").focus();
  }

  function close() {
    panel.hidden = true;
    document.body.classList.remove("with-details");
    if (!opener) return;
    opener.removeAttribute("aria-selected");
    if (!opener.hidden && !opener.parentElement.hidden) stand(opener, true);
    opener = null;
  }

  byId("d-close").addEventListener("click", close);
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !panel.hidden) {
      event.preventDefault();
      close();
    }
  });

  // On paper: the details of what is shown and not simply right. -----------------------------------------------------------
  addEventListener("beforeprint", () => {
    const parts = [element("h2", "Details of what is not simply right")];
    for (const server of servers) {
      if (server.row.hidden) continue;
      const found = server.findings.filter((finding) => isNotable(finding) && !head[finding.column + FIXED].hidden);
      if (!found.length && server.state === "read" && !server.notes.length) continue;
      const made = element("section");
      made.append(element("h3", server.row.cells[0].textContent), describeServer(server), ...found.map(describe));
      parts.push(made);
    }
    if (rows.some((row) => row.hidden)) parts.splice(1, 0, element("p", `Filtered: ${byId("shown").textContent}`));
    byId("print").replaceChildren(...(parts.length > 1 ? parts : []));
    for (const one of document.querySelectorAll("details:not([open])")) {
      one.open = true;
      one.dataset.closed = "";
    }
  });
  addEventListener("afterprint", () => {
    byId("print").replaceChildren();
    for (const one of document.querySelectorAll("details[data-closed]")) {
      one.open = false;
      delete one.dataset.closed;
    }
  });

  performance.mark("interactive");
})();
