/**
 * What the searches of one history share: its events, its operations as classes, the steps of the
 * model. Built once; estimated before it is built.
 */
import type { Columns } from '../columns.ts';
import type { Model } from '../model.ts';
import { EventList } from './event-list.ts';
import { PendingClasses } from './pending-classes.ts';
import { assignSlots, type Slots } from './slots.ts';
import { Transitions } from './transitions.ts';
import { UsedCounts } from './used-counts.ts';

/** Canonical columns and their making, slots, classes, open operations: by row. */
const bytesPerRow = 60;

export class Ground {
  readonly columns: Columns;
  readonly list: EventList;
  readonly transitions: Transitions;
  readonly slots: Slots;
  readonly pendings: PendingClasses;
  readonly used: UsedCounts;

  constructor(columns: Columns, model: Model) {
    this.columns = columns;
    this.list = new EventList(columns);
    this.transitions = new Transitions(model.canonical?.(columns) ?? columns, model);
    this.slots = assignSlots(this.list, this.transitions);
    this.pendings = new PendingClasses(columns, this.transitions);
    this.used = new UsedCounts(this.transitions.classCount);
  }

  /** Bytes that it will need for that many rows while it is built. */
  static bytesToBuild(rows: number): number {
    const { held, building } = EventList.bytesFor(rows);
    return held + Math.max(building, bytesPerRow * rows);
  }

  get byteLength(): number {
    const rows = this.columns.count;
    const tables = this.transitions.byteLength + this.used.byteLength + this.pendings.byteLength;
    const canonical = 12;
    const slots = 4;
    return EventList.bytesFor(rows).held + rows * (canonical + slots) + tables;
  }
}
