import type { ReportFile, ReportWriter } from '#app/ports.ts';
import type { FullReport } from '#core/reports/period.ts';
import type { Language } from '#shell/chat/format.ts';
import { catalogueOf } from '#shell/chat/render.ts';
import { REPORT_WORDS } from '#shell/chat/text/report-words.ts';
import { writeIcs } from './calendar-ics.ts';
import { type ExportRow, exportRows } from './export-tables.ts';
import { documentOf, type ReportDocument, type ReportSection } from './report-document.ts';

const HTML_ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function html(text: string): string {
  return text.replace(/[&<>"']/g, (letter) => HTML_ESCAPES[letter] ?? letter);
}

/** Text in Markdown that is neither mark-up nor a table's border. */
function markdown(text: string): string {
  return text.replace(/[\\|`*_[\]<>#]/g, (letter) => `\\${letter}`).replace(/\s+/g, ' ');
}

function csvCell(value: string | number | boolean | null): string {
  if (value === null) return '';
  const text = String(value);
  // a spreadsheet takes text that begins so for a formula
  const plain = typeof value === 'string' && /^[=+@\t\r-]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(plain) ? `"${plain.replaceAll('"', '""')}"` : plain;
}

const CSV_COLUMNS =
  'date,desk,row,code,symbol,day_type,answer,r,is_shadow,result,fees,equity,entry_bps,exit_bps,exit_reason,verdict';

const money = (minor: number | null): number | null => (minor === null ? null : minor / 100);
const rounded = (value: number | null): number | null =>
  value === null ? null : Number(value.toFixed(4));

/** One row a day, a trade and a proposal. Names of columns are the same in every language. */
function csvText(reports: readonly FullReport[]): string {
  const rows = reports.flatMap(({ records }) =>
    records.flatMap((record) => {
      const { tradingDay, deskId, verdict, resultR, resultMinor, feesMinor, equityMinor } = record;
      const head = [tradingDay, deskId] as const;
      const day = [null, null, null, null, rounded(resultR), null, money(resultMinor)] as const;
      return [
        [...head, 'day', ...day, money(feesMinor), money(equityMinor), null, null, null, verdict],
        ...record.trades.map((trade) => [
          ...head,
          'trade',
          trade.code,
          trade.instrument,
          trade.dayType,
          null,
          rounded(trade.resultR),
          null,
          money(trade.pnlMinor),
          null,
          null,
          rounded(trade.entryBps),
          rounded(trade.exitBps),
          trade.exitReason,
          null,
        ]),
        ...record.proposals.map((proposal) => [
          ...head,
          'proposal',
          proposal.code,
          proposal.instrument,
          proposal.dayType,
          proposal.answer,
          rounded(proposal.resultR),
          proposal.isShadow,
          ...Array.from({ length: 7 }, () => null),
        ]),
      ];
    }),
  );
  return `${[CSV_COLUMNS, ...rows.map((row) => row.map(csvCell).join(','))].join('\n')}\n`;
}

function dataUri(png: Uint8Array): string {
  return `data:image/png;base64,${Buffer.from(png).toString('base64')}`;
}

function frontMatter(reports: readonly FullReport[]): string {
  const [first] = reports;
  const { span = 'day', from = '', to = '' } = first?.report ?? {};
  const sum = (of: (one: FullReport) => number) => reports.reduce((n, one) => n + of(one), 0);
  return [
    '---',
    'type: report',
    `span: ${span}`,
    `from: ${from}`,
    `to: ${to}`,
    `desks: [${reports.map(({ report }) => report.deskId).join(', ')}]`,
    `days: ${sum(({ records }) => records.length)}`,
    `trades: ${sum(({ records }) => records.reduce((n, one) => n + one.trades.length, 0))}`,
    `result_r: ${sum(({ report }) => report.figures.resultR).toFixed(4)}`,
    `tags: [report, ${span}]`,
    '---',
  ].join('\n');
}

function markdownText(
  { title, sections }: ReportDocument,
  head: string,
  alt: string,
  curves: Uint8Array | null,
): string {
  const line = (cells: readonly string[]) => `| ${cells.map(markdown).join(' | ')} |`;
  const body = sections.flatMap(({ heading, header, rows, notes }) => [
    `## ${markdown(heading)}`,
    '',
    ...(rows.length === 0
      ? []
      : [line(header), `| ${header.map(() => '---').join(' | ')} |`, ...rows.map(line), '']),
    ...notes.filter((note) => note !== '').map((note) => `- ${markdown(note)}`),
    '',
  ]);
  const picture = curves === null ? [] : [`![${alt}](${dataUri(curves)})`, ''];
  return [head, '', `# ${markdown(title)}`, '', ...picture, ...body]
    .join('\n')
    .trimEnd()
    .concat('\n');
}

/** Wide tables scroll by themselves, so that a phone shows the rest of the page as it is. */
const STYLE = [
  'body{font:15px/1.5 system-ui,"PingFang SC","Microsoft YaHei","Noto Sans CJK SC",sans-serif;max-width:76rem;margin:1.5rem auto;padding:0 1rem;color:#1f2933}',
  'h1{font-size:1.5rem}h2{font-size:1.15rem;margin:1.75rem 0 .5rem}',
  '.wide{overflow-x:auto;margin:.5rem 0}',
  'table{border-collapse:collapse}td,th{border-bottom:1px solid #e2e6ea;padding:.3rem .7rem;text-align:left;white-space:nowrap;vertical-align:top}th{background:#f2f4f6;font-weight:600}',
  'td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}td.t{white-space:normal;min-width:14rem}',
  'ul{margin:.5rem 0;padding-left:1.1rem}li{margin:.15rem 0}ul.sum li:first-child{font-weight:600}',
  'img{max-width:100%;height:auto}',
  '@media print{body{max-width:none;margin:0}.wide{overflow:visible}td,th{white-space:normal}}',
].join('');

/** Gains are red in Chinese and green in English, as in the chat. */
const COLORS: Readonly<Record<Language, string>> = {
  zh: '.up{color:#c0392b}.down{color:#1e8449}',
  en: '.up{color:#1e8449}.down{color:#c0392b}',
};

const FIGURE = /^[+−-]?[$¥]?[\d,]+(\.\d+)?(R| bp|%| %)?$/;
const LONG = 40;

/** A column of figures stands to the right; where no cell says anything it does as the heading of one. */
function isOfFigures(rows: readonly (readonly string[])[], column: number): boolean {
  const cells = rows.map((row) => row[column] ?? '').filter((cell) => !['', '–'].includes(cell));
  return cells.length > 0 && cells.every((cell) => FIGURE.test(cell.split(' (')[0] ?? ''));
}

function classOf(cell: string, isFigure: boolean): string {
  // slippage is better below zero: it has no color
  const isGain = !cell.endsWith(' bp');
  const sign = /^\+.*[1-9]/.test(cell) ? ' up' : isGain && /^[−-].*[1-9]/.test(cell) ? ' down' : '';
  const kind = isFigure ? `n${sign}` : cell.length > LONG ? 't' : '';
  return kind === '' ? '' : ` class="${kind}"`;
}

function htmlTable({ header, rows }: ReportSection): string {
  if (rows.length === 0) return '';
  const figures = header.map((_, column) => isOfFigures(rows, column));
  const row = (cells: readonly string[], tag: 'td' | 'th'): string => {
    const shown = cells.map((cell, column) => {
      const isFigure = figures[column] === true;
      const kind = tag === 'td' ? classOf(cell, isFigure) : isFigure ? ' class="n"' : '';
      return `<${tag}${kind}>${html(cell)}</${tag}>`;
    });
    return `<tr>${shown.join('')}</tr>`;
  };
  const body = rows.map((cells) => row(cells, 'td')).join('');
  return `<div class="wide"><table><thead>${row(header, 'th')}</thead><tbody>${body}</tbody></table></div>`;
}

function htmlText(
  { title, sections }: ReportDocument,
  language: Language,
  alt: string,
  curves: Uint8Array | null,
): string {
  const body = sections.map((section) => {
    const notes = section.notes
      .filter((note) => note !== '')
      .map((note) => `<li>${html(note)}</li>`);
    // what it came to before what it is made of
    const isSum = section.notes.length > 1;
    const list =
      notes.length === 0 ? '' : `<ul${isSum ? ' class="sum"' : ''}>${notes.join('')}</ul>`;
    const table = htmlTable(section);
    return `<h2>${html(section.heading)}</h2>${isSum ? list + table : table + list}`;
  });
  const picture = curves === null ? '' : `<img alt="${html(alt)}" src="${dataUri(curves)}">`;
  return `<!doctype html>
<html lang="${language === 'zh' ? 'zh-CN' : 'en'}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><title>${html(title)}</title><style>${STYLE}${COLORS[language]}</style></head>
<body><h1>${html(title)}</h1>${picture}
${body.join('\n')}
</body></html>
`;
}

/** One table; its columns are those of its first row. */
function tableText(rows: readonly ExportRow[]): string {
  const columns = Object.keys(rows[0] ?? {});
  const lines = rows.map((row) => columns.map((name) => csvCell(row[name] ?? null)).join(','));
  return `${[columns.join(','), ...lines].join('\n')}\n`;
}

/** Writes reports as Markdown with front matter, HTML in one file, CSV or JSON. */
export function createReportWriter(): ReportWriter {
  return {
    calendar: writeIcs,
    export(what, format, given): ReportFile | null {
      const rows = exportRows(what, given);
      const [first, last] = [rows[0], rows.at(-1)];
      if (first === undefined || last === undefined) return null;
      const dayOf = (row: ExportRow) => String(row['date'] ?? row['at']).slice(0, 10);
      const days = [...new Set([dayOf(first), dayOf(last)])];
      const name = `${what}-${days.join('-')}.${format}`;
      return format === 'csv'
        ? { name, mediaType: 'text/csv', content: tableText(rows) }
        : {
            name,
            mediaType: 'application/json',
            content: `${JSON.stringify(rows, null, 2)}\n`,
          };
    },
    write(reports, format, language, curves): ReportFile {
      const [first] = reports;
      const { span = 'day', from = '', to = '' } = first?.report ?? {};
      const dates = from === to ? [from] : [from, to];
      const name = `report-${[span, ...dates, language].join('-')}.${format}`;
      const document = () => documentOf(reports, language, catalogueOf(language));
      const alt = REPORT_WORDS[language].curves;
      switch (format) {
        case 'csv':
          return { name, mediaType: 'text/csv', content: csvText(reports) };
        case 'json': {
          const plain = reports.map(({ report, records }) => ({ ...report, records }));
          return {
            name,
            mediaType: 'application/json',
            content: `${JSON.stringify(plain, null, 2)}\n`,
          };
        }
        case 'html': {
          const content = htmlText(document(), language, alt, curves);
          return { name, mediaType: 'text/html', content };
        }
        case 'md': {
          const content = markdownText(document(), frontMatter(reports), alt, curves);
          return { name, mediaType: 'text/markdown', content };
        }
      }
    },
  };
}
