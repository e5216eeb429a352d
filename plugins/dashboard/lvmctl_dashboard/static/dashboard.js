// What a page does by itself: it fetches itself again when the server says that something changed,
// draws its charts, and saves what is seen. Without it the pages can be read and used all the same.
"use strict";

const style = getComputedStyle(document.documentElement);
const colour = (name) => style.getPropertyValue(name).trim();

// Charts ------------------------------------------------------------------------------------------

function draw(figure) {
  if (!window.Plotly || figure.dataset.drawn === figure.dataset.chart) return;
  const spec = JSON.parse(figure.dataset.chart);
  const ink = colour("--ink"), line = colour("--line"), paper = colour("--paper");
  const axis = { color: ink, gridcolor: line, griddash: "dot", gridwidth: 0.5, zerolinecolor: ink, zeroline: false, automargin: true };
  const traces = spec.data.map((trace) => ({
    ...trace,
    line: { color: ink, width: 2, ...trace.line },
    marker: { color: ink, size: 7, ...trace.marker },
  }));
  const layout = {
    font: { family: "system-ui, sans-serif", size: 14, color: ink },
    paper_bgcolor: paper,
    plot_bgcolor: paper,
    margin: { l: 48, r: 12, t: 8, b: 40 },
    height: 288,
    legend: { orientation: "h", y: 1.02, yanchor: "bottom", x: 0 },
    dragmode: false,
    ...spec.layout,
    xaxis: { ...axis, ...spec.layout.xaxis, title: { standoff: 4, font: { size: 14 }, ...spec.layout.xaxis.title } },
    yaxis: { ...axis, ...spec.layout.yaxis },
  };
  const config = { displayModeBar: false, responsive: true };
  Plotly.react(figure.querySelector(".plot"), traces, layout, config);
  figure.dataset.drawn = figure.dataset.chart;
}

function drawAll() {
  document.querySelectorAll("figure[data-chart]").forEach(draw);
  document.querySelectorAll(".exports[hidden]").forEach((part) => (part.hidden = false));
}

// Live --------------------------------------------------------------------------------------------

function renewCharts(part, fresh) {
  for (const figure of fresh.querySelectorAll("figure")) {
    const old = document.getElementById(figure.id);
    if (old) old.dataset.chart = figure.dataset.chart;
    else part.append(figure);
  }
}

function renew(part, fresh) {
  const focused = part.contains(document.activeElement) ? document.activeElement : null;
  const chosen = new Set([...part.querySelectorAll("input:checked")].map((input) => input.value));
  part.replaceChildren(...fresh.childNodes);
  part.querySelectorAll("input").forEach((input) => (input.checked ||= chosen.has(input.value)));
  if (!focused) return;
  const alike = [...part.querySelectorAll(focused.tagName)].find(
    (each) => each.getAttribute("href") === focused.getAttribute("href") && each.value === focused.value);
  alike?.focus();
}

async function refresh() {
  const answer = await fetch(location.href, { headers: { accept: "text/html" } });
  if (!answer.ok) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const part of document.querySelectorAll("[data-live]")) {
    const fresh = page.getElementById(part.id);
    if (!fresh) continue;
    if (part.matches(".charts")) renewCharts(part, fresh);
    else if (part.dataset.seen !== fresh.innerHTML) {
      part.dataset.seen = fresh.innerHTML;
      renew(part, fresh);
    }
  }
  drawAll();
  const events = page.querySelector("main")?.dataset.events;
  if (source && !events) source.close();
}

let source = null;

function follow(address) {
  source = new EventSource(address);
  let busy = false, again = false;
  source.onmessage = () => {
    document.body.dataset.live = "yes";
    schedule();
  };
  async function schedule() {
    if (busy) return void (again = true);
    busy = true;
    do { again = false; await refresh().catch(() => {}); } while (again);
    busy = false;
  }
  addEventListener("pagehide", () => source.close());
}

// Saving ------------------------------------------------------------------------------------------

function records(table) {
  const names = [...table.tHead.rows[0].cells].map((cell) => cell.textContent.replace(/[↑↓]/, "").trim());
  return [...table.tBodies[0].rows].map((row) => {
    const record = {};
    [...row.cells].forEach((cell, index) => {
      const values = cell.dataset.values ? JSON.parse(cell.dataset.values) : { "": cell.textContent.trim().replace(/\s+/g, " ") };
      for (const [end, value] of Object.entries(values)) record[`${names[index]} ${end}`.trim()] = value;
    });
    return record;
  });
}

function csv(rows) {
  const names = [...new Set(rows.flatMap(Object.keys))];
  // A text that a spreadsheet would take for a formula is saved as a text.
  const guarded = (value) => (typeof value === "string" && /^[=+\-@\t]./.test(value) && isNaN(value) ? `'${value}` : value);
  const quoted = (value) => `"${String(guarded(value) ?? "").replaceAll('"', '""')}"`;
  return [names, ...rows.map((row) => names.map((name) => row[name]))]
    .map((row) => row.map(quoted).join(",")).join("\r\n") + "\r\n";
}

function save(name, address) {
  const link = Object.assign(document.createElement("a"), { href: address, download: name });
  document.body.append(link);
  link.click();
  link.remove();
}

function saveText(name, text, type) {
  const address = URL.createObjectURL(new Blob([text], { type }));
  save(name, address);
  setTimeout(() => URL.revokeObjectURL(address), 1000);
}

async function saveAs(button) {
  const { save: kind, name, of } = button.dataset;
  const what = document.getElementById(of);
  if (kind === "csv") saveText(`${name}.csv`, csv(records(what)), "text/csv");
  if (kind === "json") saveText(`${name}.json`, JSON.stringify(records(what), null, 1), "application/json");
  if (kind === "points") saveText(`${name}.json`, JSON.stringify(JSON.parse(what.dataset.chart).data, null, 1), "application/json");
  if (kind === "png") {
    const plot = what.querySelector(".plot");
    save(`${name}.png`, await Plotly.toImage(plot, { format: "png", width: plot.clientWidth, height: plot.clientHeight, scale: 2 }));
  }
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("button[data-save]");
  if (button) saveAs(button);
});

drawAll();
const address = document.querySelector("main").dataset.events;
if (address) follow(address);
