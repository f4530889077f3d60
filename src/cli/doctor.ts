import { runChecks } from '#compose-tools';
import { EXIT, type ExitCode } from './exit-code.ts';
import type { Output } from './output.ts';

const MARKS = { ok: 'ok  ', warning: 'warn', failed: 'FAIL', skipped: 'skip' } as const;

/** One line a check, each with its cure; fails when one failed. */
export async function runDoctor(output: Output): Promise<ExitCode> {
  const findings = await runChecks((finding) => {
    const cure = finding.cure === null ? '' : ` → ${finding.cure}`;
    output.line(`${MARKS[finding.state]}  ${finding.name}: ${finding.found}${cure}`);
  });
  const failures = findings.filter((finding) => finding.state === 'failed').length;
  output.line(
    failures === 0 ? 'nothing stands in the way of a start' : `${failures} check(s) failed`,
  );
  output.result({ passed: failures === 0, findings });
  return failures === 0 ? EXIT.ok : EXIT.failed;
}
