import { foldBook } from '#app/read-book.ts';
import { openKillTools } from '#compose-tools';
import { deskPermission } from '#core/engine/permission-of.ts';
import { pendingTickets } from '#core/engine/select.ts';
import type { DeskState } from '#core/engine/state.ts';
import { symbolOf } from '#core/market/instrument.ts';
import { withBooks } from './book.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import { instantText, type Output } from './output.ts';

const DONE = ['filled', 'canceled', 'rejected', 'expired', 'denied'];

function figuresOf(state: DeskState, runId: string, at: number) {
  const { day } = state;
  return {
    desk: state.deskId,
    run: runId,
    at: instantText(at, day?.session.zone ?? 'UTC'),
    mode: state.mode,
    permission: deskPermission(state, at),
    kill: state.kill.kind,
    safeMode: state.safeMode.map((entry) => entry.cause),
    locks: state.locks.map((lock) => lock.cause),
    tradingDay: day?.tradingDay ?? null,
    phases: Object.fromEntries(
      Object.values(state.symbols).map((entry) => [entry.instrument, entry.phase]),
    ),
    pending: pendingTickets(state).map((ticket) => ticket.code),
    positions: Object.values(state.positions).map((position) => ({
      symbol: position.instrument,
      quantity: position.quantity,
      entryPrice: position.entryPrice,
      stop: position.stop,
    })),
    workingOrders: Object.values(state.orders)
      .filter((order) => !DONE.includes(order.state))
      .map((order) => ({ id: order.orderId, state: order.state })),
    realizedMinor: day?.realizedMinor ?? 0,
    cashMinor: state.cashMinor,
    lastVerdict: state.lastVerdict?.kind ?? null,
  };
}

function printDesk(figures: ReturnType<typeof figuresOf>, output: Output): void {
  const health = figures.safeMode.length === 0 ? 'health ok' : `SAFE MODE (${figures.safeMode})`;
  const kill = figures.kill === 'clear' ? '' : `, kill ${figures.kill}`;
  output.line(`${figures.desk} · ${figures.permission}${kill} · ${health} · ${figures.mode}`);
  output.line(`  run ${figures.run}, as of ${figures.at}`);
  for (const [instrument, phase] of Object.entries(figures.phases)) {
    output.line(`  ${symbolOf(instrument as `${string}.US`)}: ${phase.replaceAll('_', ' ')}`);
  }
  if (figures.locks.length > 0) output.line(`  locks: ${figures.locks.join(', ')}`);
  output.line(
    `  ${figures.pending.length} tickets pending${figures.pending.length > 0 ? ` (${figures.pending.join(', ')})` : ''}, ` +
      `${figures.positions.length} positions, ${figures.workingOrders.length} working orders`,
  );
  for (const { symbol, quantity, entryPrice, stop } of figures.positions) {
    output.line(`  ${symbol}: ${quantity} at ${entryPrice}, stop ${stop}`);
  }
  output.line(
    `  realised today ${(figures.realizedMinor / 100).toFixed(2)}, cash ${(figures.cashMinor / 100).toFixed(2)}, ` +
      `last verdict ${figures.lastVerdict ?? 'none yet'}`,
  );
}

/** `status`: what the log says of every desk, whoever runs it. */
export async function runStatus(run: string | undefined, output: Output): Promise<ExitCode> {
  const tools = await openKillTools();
  const presence = tools.findDesk();
  const killed = tools.killFile.state();
  return withBooks(run, async ({ settings, store, books }) => {
    const isRunning = presence.kind === 'running';
    output.line(isRunning ? `a desk runs, pid ${presence.mark.pid}` : 'no desk runs');
    if (killed.kind !== 'absent') output.line(`KILL FILE present: ${tools.killPath}`);
    const desks = [];
    for (const book of books) {
      const mode = settings.desks.find((desk) => desk.id === book.deskId)?.mode ?? 'semi';
      const { state } = await foldBook(store.events, book, mode);
      const at = isRunning && book.runId === 'live' ? Date.now() : book.lastAt;
      const figures = figuresOf(state, book.runId, at);
      printDesk(figures, output);
      desks.push(figures);
    }
    if (books.length === 0) output.line('the log holds no desk yet; centaur start begins one');
    output.result({
      running: isRunning ? presence.mark : null,
      killFile: killed.kind,
      desks,
    });
    return EXIT.ok;
  });
}
