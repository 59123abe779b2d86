/**
 * Draws what of the space-time diagram is in view, and remembers where, for who points at it.
 */
const { spaceTime } = globalThis;
const { data } = spaceTime;
/** Of more no heads of arrows are drawn: nobody could see them. */
const headsMax = 1500;
const progressMax = 1200;
const ruler = 64;
const rulerNarrow = 44;

const colour = (name) =>
  getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

/** Crisp on every screen; coordinates are CSS pixels. */
function prepare(canvas) {
  const ratio = window.devicePixelRatio || 1;
  const { clientWidth: width, clientHeight: height } = canvas;
  canvas.width = Math.max(1, Math.round(width * ratio));
  canvas.height = Math.max(1, Math.round(height * ratio));
  const context = canvas.getContext('2d');
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  context.font = '11px system-ui, sans-serif';
  return { context, width, height };
}

/** Where the lanes are: -1 is that of the clients. */
function layoutOf(width, lanes) {
  const left = width < 600 ? rulerNarrow : ruler;
  const step = (width - left) / Math.max(1, lanes.length);
  const centres = new Map(lanes.map((lane, at) => [lane, left + step * (at + 0.5)]));
  return { left, step, xOf: (lane) => centres.get(lane) };
}

function drawRuler(frame) {
  const { context, width, height, view, yOf } = frame;
  const spanUs = view.toUs - view.fromUs;
  const raw = (spanUs / height) * 70;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = Math.max(
    1,
    [1, 2, 5, 10].map((each) => each * power).find((each) => each >= raw),
  );
  const digits = step >= 1e6 ? 0 : Math.min(6, Math.ceil(6 - Math.log10(step)));
  context.fillStyle = colour('muted');
  context.strokeStyle = colour('grid');
  context.lineWidth = 1;
  context.beginPath();
  for (let at = Math.ceil(view.fromUs / step) * step; at <= view.toUs; at += step) {
    const y = Math.round(yOf(at)) + 0.5;
    context.moveTo(frame.layout.left - 6, y);
    context.lineTo(width, y);
    if (y > 8) context.fillText((at / 1e6).toFixed(digits), 4, y + 4);
  }
  context.stroke();
}

function faultColour(name) {
  if (/partition|cut|hold|loss|delay|rate|reset/.test(name)) return colour('partition');
  return /pause|slow/.test(name) ? colour('pause') : colour('fault');
}

function drawFaults(frame) {
  const { context, view, layout, yOf, hits, lanes } = frame;
  const perLane = new Map();
  for (const item of data.faults) {
    if (item.toUs < view.fromUs || item.fromUs > view.toUs) continue;
    const nodes = item.nodes.length === 0 ? lanes.filter((lane) => lane >= 0) : item.nodes;
    for (const node of nodes) {
      const x = layout.xOf(node);
      if (x === undefined) continue;
      const [top, bottom] = [yOf(item.fromUs), Math.max(yOf(item.toUs), yOf(item.fromUs) + 2)];
      const width = Math.min(layout.step * 0.7, 90);
      context.globalAlpha = item.tookEffect ? 0.16 : 0.06;
      context.fillStyle = faultColour(item.f);
      context.fillRect(x - width / 2, top, width, bottom - top);
      context.globalAlpha = 1;
      hits.areas.push({
        type: 'fault',
        item,
        left: x - width / 2,
        right: x + width / 2,
        top,
        bottom,
      });
      const labelY = Math.max(top, 0) + 12;
      if (layout.step > 70 && bottom - labelY > 2 && (perLane.get(node) ?? -20) < labelY - 13) {
        perLane.set(node, labelY);
        context.fillText(item.f, x - width / 2 + 3, labelY, width / 2 - 10);
      }
    }
  }
}

function drawRoles(frame) {
  const { context, view, layout, yOf, hits } = frame;
  const labelled = new Map();
  for (const [node] of data.nodes.entries()) {
    const x = layout.xOf(node);
    if (x === undefined) continue;
    context.strokeStyle = colour('lane');
    context.setLineDash([2, 5]);
    line(context, x, 0, x, frame.height);
    context.setLineDash([]);
  }
  for (const item of spaceTime.roles) {
    const x = layout.xOf(item.node);
    if (x === undefined || item.toUs < view.fromUs || item.fromUs > view.toUs) continue;
    const [top, bottom] = [yOf(item.fromUs), yOf(item.toUs)];
    const half = item.role === 'leader' ? 4 : 2.5;
    context.fillStyle = colour(item.role);
    context.fillRect(x - half, top, half * 2, Math.max(1.5, bottom - top));
    const bar = { left: x - 6, right: x + 6, top, bottom };
    hits.areas.push({ type: 'role', item, ...bar });
    const y = Math.max(top, 0) + 12;
    const isTop = (labelled.get(item.node) ?? -20) < y - 13;
    if (isTop && bottom > y && layout.step > 44) {
      labelled.set(item.node, y);
      const words = layout.step > 90 ? `${item.role}, term ${item.term}` : `t${item.term}`;
      frame.labels.push({ words, x: x + 8, y, colour: 'text' });
    }
  }
}

function drawDowns(frame) {
  const { context, view, layout, yOf, hits } = frame;
  context.strokeStyle = colour('invalid');
  for (const item of spaceTime.downs) {
    const x = layout.xOf(item.node);
    if (x === undefined || item.toUs < view.fromUs || item.fromUs > view.toUs) continue;
    const [top, bottom] = [yOf(item.fromUs), yOf(item.toUs)];
    context.lineWidth = 2;
    cross(context, x, top, 6);
    context.lineWidth = 1;
    context.setLineDash([3, 3]);
    line(context, x, top, x, bottom);
    context.setLineDash([]);
    hits.areas.push({ type: 'down', item, left: x - 6, right: x + 6, top: top - 6, bottom });
  }
}

function drawMessages(frame) {
  const { context, layout, yOf, hits } = frame;
  const isShown = (each) =>
    frame.groups.has(each.group) &&
    layout.xOf(each.from) !== undefined &&
    layout.xOf(each.to) !== undefined;
  const found = spaceTime.messagesIn(frame.view, isShown);
  const withHeads = found.length <= headsMax;
  context.globalAlpha = withHeads ? 0.9 : Math.max(0.15, 900 / found.length);
  const byColour = Map.groupBy(found, ({ group, kind }) => `${group}/${kind === 'first'}`);
  for (const [key, some] of byColour) {
    const [group, isFirst] = key.split('/');
    context.strokeStyle = colour(group.replace(' ', '-'));
    context.lineWidth = 1.2;
    context.setLineDash(isFirst === 'true' ? [] : [5, 4]);
    context.beginPath();
    for (const item of some) {
      const lost = item.fate !== 'delivered' && item.endUs === item.sentUs;
      const [x1, y1, y2] = [layout.xOf(item.from), yOf(item.sentUs), yOf(item.endUs)];
      // One that never left is a stub with a cross.
      const x2 = lost ? x1 + (layout.xOf(item.to) - x1) * 0.2 : layout.xOf(item.to);
      context.moveTo(x1, y1);
      context.lineTo(x2, y2);
      hits.lines.push({ type: 'message', item, x1, y1, x2, y2 });
    }
    context.stroke();
  }
  context.setLineDash([]);
  if (withHeads) for (const hit of hits.lines) drawHead(context, hit);
  context.globalAlpha = 1;
  return found.length;
}

function drawHead(context, { item, x1, y1, x2, y2 }) {
  context.strokeStyle = colour(item.group.replace(' ', '-'));
  context.fillStyle = context.strokeStyle;
  if (item.fate !== 'delivered') {
    context.strokeStyle = colour('invalid');
    cross(context, x2, y2, 4);
    return;
  }
  const angle = Math.atan2(y2 - y1, x2 - x1);
  const tip = x2 - Math.sign(x2 - x1) * 3;
  context.beginPath();
  context.moveTo(tip, y2);
  for (const turn of [-0.4, 0.4]) {
    context.lineTo(tip - 8 * Math.cos(angle + turn), y2 - 8 * Math.sin(angle + turn));
  }
  context.fill();
}

function drawProgress(frame) {
  const { context, layout, yOf, hits } = frame;
  if (!frame.layers.has('progress')) return;
  const found = spaceTime.rowsIn(spaceTime.progress, frame.view, (each) => each.atUs);
  if (found.length > progressMax) return;
  context.strokeStyle = colour('progress');
  context.fillStyle = colour('progress');
  const last = new Map();
  for (const item of found) {
    const x = layout.xOf(item.node);
    if (x === undefined) continue;
    const y = yOf(item.atUs);
    const side = item.isCommit ? -1 : 1;
    line(context, x + side * 5, y, x + side * 10, y);
    hits.dots.push({ type: 'progress', item, x: x + side * 8, y });
    const key = `${item.node} ${side}`;
    if (layout.step < 60 || (last.get(key) ?? -20) > y - 11) continue;
    last.set(key, y);
    const words = `${item.isCommit ? 'c' : 'a'}${item.index}`;
    const width = item.isCommit ? context.measureText(words).width : 0;
    frame.labels.push({ words, x: x + side * 12 - width, y: y + 4, colour: 'muted' });
  }
}

function drawMarks(frame) {
  const { context, layout, yOf, hits } = frame;
  const found = spaceTime.rowsIn(spaceTime.marks, frame.view, (each) => each.atUs);
  for (const item of found) {
    const x = layout.xOf(item.node);
    if (x === undefined) continue;
    const y = yOf(item.atUs);
    context.fillStyle = /ends by itself|crash point/.test(item.words)
      ? colour('invalid')
      : colour('text');
    context.beginPath();
    context.arc(x, y, 3.2, 0, 2 * Math.PI);
    context.fill();
    hits.dots.push({ type: 'mark', item, x, y });
  }
}

function drawOperations(frame) {
  const { context, view, layout, yOf, hits } = frame;
  const x = layout.xOf(-1);
  if (x === undefined) return;
  const room = Math.min(layout.step * 0.8, 12 * spaceTime.slotCount);
  const each = room / spaceTime.slotCount;
  for (const item of spaceTime.operations) {
    if (item.fromUs > view.toUs) break;
    if (item.endUs < view.fromUs) continue;
    const left = x - room / 2 + item.slot * each;
    const [top, bottom] = [yOf(item.fromUs), Math.max(yOf(item.endUs), yOf(item.fromUs) + 2)];
    context.fillStyle = colour(item.outcome);
    context.fillRect(left, top, Math.max(1.5, each - 1.5), bottom - top);
    if (item.isWitness) {
      context.strokeStyle = colour('invalid');
      context.lineWidth = 2.5;
      context.strokeRect(left - 2, top - 2, each + 2.5, bottom - top + 4);
      context.lineWidth = 1;
    }
    const area = { left: left - 1, right: left + each, top: top - 1, bottom: bottom + 1 };
    hits.areas.push({ type: 'operation', item, ...area });
  }
}

function drawViolation({ context, view, width, yOf }) {
  const at = data.violationUs;
  if (at === null || at < view.fromUs || at > view.toUs) return;
  context.strokeStyle = colour('invalid');
  context.fillStyle = colour('invalid');
  context.lineWidth = 1.5;
  line(context, 0, yOf(at), width, yOf(at));
  context.textAlign = 'right';
  context.fillText('violation', width - 4, yOf(at) - 4);
  context.textAlign = 'left';
}

/** Its way from the client to the node and back, or the message itself, once more and thicker. */
function drawChosen({ context, layout, yOf }, chosen) {
  if (chosen === null) return;
  const { type, item } = chosen;
  context.strokeStyle = colour('text');
  context.lineWidth = 2.5;
  if (type === 'message') line(context, chosen.x1, chosen.y1, chosen.x2, chosen.y2);
  const [from, to] = [layout.xOf(-1), layout.xOf(item.node)];
  if (type === 'operation' && from !== undefined && to !== undefined) {
    context.setLineDash([4, 4]);
    for (const at of [item.fromUs, item.endUs]) line(context, from, yOf(at), to, yOf(at));
    context.setLineDash([]);
  }
  context.lineWidth = 1;
}

function line(context, x1, y1, x2, y2) {
  context.beginPath();
  context.moveTo(x1, y1);
  context.lineTo(x2, y2);
  context.stroke();
}

function cross(context, x, y, size) {
  line(context, x - size, y - size, x + size, y + size);
  line(context, x - size, y + size, x + size, y - size);
}

/** Returns where everything is, for who points at it. */
function draw(canvas, { view, lanes, groups, layers, chosen }) {
  const { context, width, height } = prepare(canvas);
  const yOf = (us) => ((us - view.fromUs) / (view.toUs - view.fromUs)) * height;
  const hits = { areas: [], lines: [], dots: [], shown: 0 };
  const frame = { context, width, height, view, lanes, groups, layers, yOf, hits, labels: [] };
  frame.layout = layoutOf(width, lanes);
  drawRuler(frame);
  if (layers.has('faults')) drawFaults(frame);
  drawRoles(frame);
  drawDowns(frame);
  drawOperations(frame);
  hits.shown = drawMessages(frame);
  drawProgress(frame);
  drawMarks(frame);
  drawViolation(frame);
  for (const label of frame.labels) {
    context.lineWidth = 3;
    context.strokeStyle = colour('card');
    context.strokeText(label.words, label.x, label.y);
    context.fillStyle = colour(label.colour);
    context.fillText(label.words, label.x, label.y);
  }
  drawChosen(frame, chosen);
  return { ...hits, layout: frame.layout, height };
}

globalThis.spaceTimeDrawing = { draw, prepare, colour, faultColour };
