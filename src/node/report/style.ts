// The report's style sheet: light and dark by the reader's system, nothing loaded from anywhere. The two
// colours of a pair differ in lightness too, for readers who do not tell hues apart (Okabe and Ito 2008).

export const style = `
:root {
  color-scheme: light dark;
  --text: #1d2129; --soft: #5c6470; --page: #ffffff; --panel: #f5f6f8; --rule: #d9dde3;
  --train: #0067a5; --validation: #c84e00; --right: #2f7ed8; --wrong: #e0641a;
}
@media (prefers-color-scheme: dark) {
  :root {
    --text: #e6e9ee; --soft: #a2abb8; --page: #14171c; --panel: #1c2027; --rule: #353b45;
    --train: #6db9f2; --validation: #ffa35c; --right: #4f9bec; --wrong: #f08a3c;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--text); font: 16px/1.5 system-ui, sans-serif; }
main { max-width: 1040px; margin: 0 auto; padding: 32px 20px 64px; }
h1 { font-size: 1.8rem; line-height: 1.2; margin: 0 0 20px; overflow-wrap: anywhere; }
h2 { font-size: 1.25rem; margin: 44px 0 12px; }
p { margin: 8px 0; color: var(--soft); }
.note { font-size: .85rem; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
.facts { width: 100%; }
.facts th { text-align: left; font-weight: 500; color: var(--soft); padding: 7px 24px 7px 0; white-space: nowrap; vertical-align: top; }
.facts td { padding: 7px 0; width: 100%; overflow-wrap: anywhere; }
.facts tr + tr { border-top: 1px solid var(--rule); }
.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(420px, 100%), 1fr)); gap: 20px; }
figure { margin: 0; min-width: 0; }
.figures figure { background: var(--panel); border-radius: 8px; padding: 14px 16px; --plot-background: var(--panel); }
figcaption { font-weight: 600; margin-bottom: 6px; }
.legend { font-weight: 400; font-size: .85rem; color: var(--soft); margin-left: 14px; white-space: nowrap; }
.scroll { overflow-x: auto; }
details { margin-top: 16px; }
summary { cursor: pointer; color: var(--soft); }
.numbers th, .numbers td { padding: 3px 24px 3px 0; text-align: right; }
.numbers thead th { border-bottom: 1px solid var(--rule); font-weight: 500; color: var(--soft); }
.numbers tbody th { font-weight: 400; }
.confusion th { font-weight: 500; padding: 4px 10px; }
.confusion tbody th { text-align: right; }
.confusion .axis { color: var(--soft); font-weight: 400; font-size: .85rem; }
.confusion tbody td { min-width: 46px; height: 38px; padding: 0 6px; text-align: center; border: 2px solid var(--page); border-radius: 6px; }
.confusion .none { color: var(--soft); opacity: .7; }
.confusion .share { color: var(--soft); text-align: right; white-space: nowrap; }
.mistakes { display: grid; grid-template-columns: repeat(auto-fill, minmax(132px, 1fr)); gap: 16px; list-style: none; margin: 12px 0 0; padding: 0; }
.mistakes img { display: block; width: 100%; image-rendering: pixelated; border-radius: 6px; background: #000; }
.mistakes figcaption { font-weight: 400; font-size: .9rem; line-height: 1.35; margin: 6px 0 0; overflow-wrap: anywhere; }
.mistakes small { color: var(--soft); }
.hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
@media print { details > * { display: block; } }
`;
