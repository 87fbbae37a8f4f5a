/**
 * Style of the report. Colour-blind readers can distinguish the colours (after Okabe and Ito), and no meaning has only a colour: signs,
 * shapes and text also express it. On paper it is light, whatever the screen was.
 */
export const STYLE = `
:root{color-scheme:light dark;--page:#fff;--ink:#1b2026;--soft:#5d6670;--line:#d9dde2;--pale:#f4f6f8;--track:#e7eaee;
--good:#4f8f86;--bad:#c04a00;--gap:#f7e3bd;--gap-line:#b07a12;--over:#f6cdb8;--vip:#0a66a8;--write:#7a5195;--absent:#9aa1aa;--heal:#2c7a5b;--in:#fff}
@media screen and (prefers-color-scheme:dark){:root{--page:#14181d;--ink:#e6e9ed;--soft:#9aa4af;--line:#323a43;--pale:#1c2229;--track:#29313a;
--good:#5fa99e;--bad:#f07a35;--gap:#4a3a17;--gap-line:#d8a33c;--over:#57291a;--vip:#4f9fdb;--write:#b48ad0;--absent:#717b86;--heal:#57b791;--in:#10141a}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:1200px;padding:36px 40px 60px;background:var(--page);color:var(--ink);
font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue","Liberation Sans","DejaVu Sans",Arial,sans-serif;font-variant-numeric:tabular-nums}
h1{font-size:27px;line-height:1.25;margin:0 0 6px;font-weight:650;letter-spacing:-.01em}
h2{font-size:19px;margin:44px 0 10px;font-weight:650}h3{font-size:16px;margin:0;font-weight:650;display:inline}
p{margin:6px 0;max-width:86ch}.meta,.note{color:var(--soft);font-size:13px}.meta{max-width:none}.note{margin-top:10px}
a{color:var(--vip)}code{font:13px ui-monospace,"DejaVu Sans Mono",Menlo,Consolas,monospace;overflow-wrap:anywhere}
.verdict{display:inline-block;font-weight:650;white-space:nowrap}.verdict.passed{color:var(--heal)}.verdict.failed{color:var(--bad)}
.tiles{display:grid;grid-template-columns:repeat(5,1fr);gap:12px;margin:24px 0 0}
.tile{border:1px solid var(--line);border-top:3px solid var(--good);border-radius:4px;padding:12px 14px 11px}.tile.broken{border-top-color:var(--bad)}
.tile b{display:block;font-size:24px;line-height:1.25;font-weight:650;letter-spacing:-.01em}.tile span{display:block;color:var(--soft);font-size:13px;line-height:1.35}
.wide{overflow-x:auto}table{border-collapse:collapse;width:100%;font-size:13.5px}
th{font-weight:600;color:var(--soft);text-align:left;vertical-align:bottom;font-size:12.5px;line-height:1.3}
th,td{padding:6px 7px;border-bottom:1px solid var(--line)}thead th{border-bottom:1.5px solid var(--soft)}td{vertical-align:top}
th:first-child,td:first-child{padding-left:0}th:last-child,td:last-child{padding-right:0}
.number{text-align:right;white-space:nowrap}.id{color:var(--soft);font-size:12.5px;display:block}.bad-text{color:var(--bad);font-weight:650}
.wide td:first-child{min-width:190px}tr.total td{font-weight:650;border-bottom:0;border-top:1.5px solid var(--soft)}
details{border-top:1px solid var(--line);padding:16px 0 8px}summary{cursor:pointer;list-style-position:outside}
summary .verdict{float:right}ul.broken,ul.failed{margin:8px 0;padding-left:20px}ul.broken{color:var(--bad)}.strip{white-space:nowrap}
dl.legend{display:grid;grid-template-columns:max-content 1fr max-content 1fr;gap:6px 12px;margin:10px 0;font-size:13px;align-items:center}
dl.legend dt{display:flex;justify-content:center}dl.legend dd{margin:0}
svg{display:block}svg.drawing{width:100%;height:auto;margin:8px 0 2px}figure{margin:10px 0 18px}figcaption{font-size:13px;color:var(--soft)}figcaption b{color:var(--ink)}
svg text{font:11.5px system-ui,-apple-system,"Segoe UI",Roboto,"Liberation Sans","DejaVu Sans",Arial,sans-serif;fill:var(--ink);font-variant-numeric:tabular-nums}
svg .name,svg .figure{text-anchor:end}svg .name{font-size:12px}svg .figure{font-weight:650}svg .tick,svg .axis{text-anchor:middle}
svg .limit,svg .tick,svg .axis,svg .head{fill:var(--soft)}svg .head{font-size:10.5px}svg .sign{text-anchor:end;font-weight:700}svg .held{fill:var(--heal)}svg .sign.broken{fill:var(--bad)}
svg path{fill:none}.track{stroke:var(--track)}.grid{stroke:var(--line);stroke-dasharray:1 3}
.good{stroke:var(--good);stroke-width:6}.bad{stroke:var(--bad);stroke-width:9}
rect.gap{fill:var(--gap);stroke:var(--gap-line)}rect.over{fill:var(--over);stroke:var(--bad);stroke-width:1.5}
rect.vip{fill:var(--vip)}rect.writable{fill:var(--write)}rect.absent{fill:url(#absent)}svg text.in{font-size:9px;fill:var(--in)}svg text.absent-in{fill:var(--ink);font-size:10.5px;paint-order:stroke;stroke:var(--page);stroke-width:4px}
svg path.event{fill:var(--page);stroke:var(--ink);stroke-width:1.3}
.mark{stroke-width:1.4}path.fault{stroke:var(--bad)}path.heal{stroke:var(--heal);stroke-dasharray:7 3}path.role{stroke:var(--write);stroke-dasharray:2 3}
svg text.label{font-weight:600;paint-order:stroke;stroke:var(--page);stroke-width:3px}svg text.label.fault{fill:var(--bad)}svg text.label.heal{fill:var(--heal)}svg text.label.role{fill:var(--write);font-weight:500}
.dot{fill:var(--good);fill-opacity:.75}.cross{stroke:var(--bad);stroke-width:2}.bound{stroke:var(--ink);stroke-width:1.5}
table.events{font-size:13px;width:auto;min-width:70%;margin:0 0 18px}.events td{padding:3px 14px 3px 8px}
@media(max-width:900px){body{padding:20px 16px}.tiles{grid-template-columns:repeat(2,1fr)}dl.legend{grid-template-columns:max-content 1fr}}
@media print{@page{margin:14mm 12mm}body{max-width:none;padding:0;font-size:11pt}details::details-content{content-visibility:visible;block-size:auto}
figure,tr,.tile{break-inside:avoid}h2,summary{break-after:avoid}.wide{overflow:visible}*{print-color-adjust:exact;-webkit-print-color-adjust:exact}}
`.trim();
