// SPDX-License-Identifier: Apache-2.0

/** The page's style sheet. Contrast is 4.5:1 at least for text, in light and in dark. @internal */
export const style = `:root {
  color-scheme: light dark;
  --ground: #f6f7fb; --card: #ffffff; --line: #dfe3ee; --text: #1a2036; --quiet: #586079;
  --link: #2446c8; --accent: #3b5bdb; --chip: #e9edfb; --chip-text: #26367a; --code: #f0f2f9;
  --s0: #3b5bdb; --s1: #0c8599; --s2: #9c36b5; --s3: #e8590c; --s4: #2f9e44; --s5: #c2255c;
  --band-a: #1c2a6b; --band-b: #0b6f86; --shadow: 0 1px 2px rgb(20 30 80 / 6%), 0 4px 16px rgb(20 30 80 / 5%);
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #0f1320; --card: #171c2d; --line: #2a3149; --text: #e8ebf5; --quiet: #a3abc4;
    --link: #9db2ff; --accent: #7d98ff; --chip: #242c48; --chip-text: #c5d0ff; --code: #1f2538;
    --s0: #7d98ff; --s1: #3bc9db; --s2: #da77f2; --s3: #ff922b; --s4: #69db7c; --s5: #f783ac;
    --band-a: #141c45; --band-b: #0a4a5a; --shadow: none;
  }
}
* { box-sizing: border-box }
body { margin: 0; background: var(--ground); color: var(--text); font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "DejaVu Sans", sans-serif }
code, .digest { font: .875em/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, "Liberation Mono", "DejaVu Sans Mono", monospace }
a { color: var(--link); text-decoration-thickness: .07em; text-underline-offset: .18em }
a:hover { text-decoration-thickness: .14em }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; border-radius: 4px }
main:focus { outline: none }
.wide { width: min(68rem, 100% - 2.5rem); margin-inline: auto }
.skip { position: absolute; left: 1rem; top: -4rem; background: var(--card); padding: .6rem 1rem; border-radius: 0 0 8px 8px; z-index: 1 }
.skip:focus { top: 0 }
.band { background: linear-gradient(100deg, var(--band-a), var(--band-b)); color: #fff }
.band .wide { display: flex; align-items: center; justify-content: space-between; gap: 1rem; padding-block: 1.1rem }
.brand { display: inline-flex; align-items: center; gap: .75rem; color: #fff; font-weight: 650; font-size: 1.1rem; letter-spacing: .01em; text-decoration: none; overflow-wrap: anywhere }
.brand:hover { text-decoration: underline }
.band :focus-visible { outline-color: #fff }
.logo-a { fill: #fff } .logo-b, .logo-c { fill: none; stroke: #fff; stroke-width: 2.4; stroke-linejoin: round; stroke-linecap: round } .logo-b { opacity: .85 } .logo-c { opacity: .6 }
.who { margin: 0; font-size: .9rem; color: #e3e9ff }
.trail ol { list-style: none; display: flex; flex-wrap: wrap; gap: .25rem .5rem; margin: 1.25rem 0 0; padding: 0; font-size: .9rem }
.trail li + li::before { content: "/"; color: var(--quiet); margin-right: .5rem }
.trail [aria-current] { color: var(--quiet); overflow-wrap: anywhere }
h1 { font-size: 1.9rem; line-height: 1.2; letter-spacing: -.015em; margin: 1.6rem 0 1rem; overflow-wrap: anywhere }
h1 .quiet { font-weight: 500 }
h2 { font-size: 1.2rem; margin: 2.2rem 0 .8rem; letter-spacing: -.01em }
.card h2, .card h3 { font-size: 1.02rem; margin: 0 0 .15rem; overflow-wrap: anywhere }
.quiet { color: var(--quiet) } .card .quiet, .step .quiet { margin: .1rem 0 0; font-size: .9rem }
.title { display: flex; flex-wrap: wrap; align-items: end; justify-content: space-between; gap: 0 2rem }
.figures { display: flex; gap: 2rem; margin: 0 0 1rem } .figures dt { font-size: .8rem; color: var(--quiet) } .figures dd { margin: 0; font-size: 1.25rem; font-weight: 650; font-variant-numeric: tabular-nums }
.search { display: flex; flex-wrap: wrap; align-items: center; gap: .6rem; margin: 0 0 1.4rem }
.search label { color: var(--quiet); font-size: .9rem }
.search input { flex: 1 1 14rem; max-width: 24rem; font: inherit; color: inherit; background: var(--card); border: 1px solid #8a93b0; border-radius: 8px; padding: .45rem .7rem }
.search button { font: inherit; font-weight: 600; color: #fff; background: #2f4cc6; border: 0; border-radius: 8px; padding: .5rem 1.1rem; cursor: pointer } .search button:hover { background: #24399b }
.cards { list-style: none; margin: 0; padding: 0; display: grid; grid-template-columns: repeat(auto-fill, minmax(min(19rem, 100%), 1fr)); gap: .9rem }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 12px; padding: 1rem 1.15rem; box-shadow: var(--shadow); min-width: 0 } .card.minor { background: none; box-shadow: none }
.card p { margin-block: .1rem 0 } .card .plain { margin-top: .5rem; font-size: .9rem }
.chips { display: flex; flex-wrap: wrap; gap: .35rem; margin-top: .6rem !important; min-height: 1.6rem }
.chip { display: inline-block; background: var(--chip); color: var(--chip-text); border-radius: 99px; padding: .08rem .65rem; font-size: .84rem; text-decoration: none; overflow-wrap: anywhere } a.chip:hover { text-decoration: underline }
.command { display: flex; align-items: stretch; margin: .45rem 0; background: var(--code); border: 1px solid var(--line); border-radius: 9px; overflow: hidden }
.command .label { flex: none; min-width: 7.5rem; padding: .5rem .8rem; color: var(--quiet); font-size: .84rem; border-right: 1px solid var(--line); display: flex; align-items: center }
.command code { flex: 1; min-width: 0; padding: .5rem .8rem; overflow-x: auto; white-space: nowrap; user-select: all; -webkit-user-select: all; cursor: copy } .command code:focus-visible { outline-offset: -3px }
.scroll { overflow-x: auto; background: var(--card); border: 1px solid var(--line); border-radius: 12px; box-shadow: var(--shadow); margin-top: 1.2rem }
table { border-collapse: collapse; width: 100% } caption { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%) }
th, td { text-align: left; padding: .7rem 1.1rem; border-top: 1px solid var(--line); vertical-align: baseline } thead th { border-top: 0; color: var(--quiet); font-size: .82rem; font-weight: 600; white-space: nowrap } tbody th { font-weight: 600 }
tbody tr:hover { background: var(--code) } .number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap } td time { white-space: nowrap }
.facts { display: grid; gap: 0; margin: 0 0 1.5rem; background: var(--card); border: 1px solid var(--line); border-radius: 12px; box-shadow: var(--shadow) }
.facts > div { display: grid; grid-template-columns: 10rem minmax(0, 1fr); gap: .2rem 1rem; padding: .55rem 1.15rem } .facts > div + div { border-top: 1px solid var(--line) }
.facts dt { color: var(--quiet); font-size: .9rem } .facts dd { margin: 0; min-width: 0 }
.wrap { overflow-wrap: anywhere; white-space: pre-wrap } .plain { list-style: none; margin: 0; padding: 0 }
.strip { display: block; border-radius: 99px; overflow: hidden; margin: 0 0 1rem; background: var(--code) }
.share-0 { fill: var(--s0) } .share-1 { fill: var(--s1) } .share-2 { fill: var(--s2) } .share-3 { fill: var(--s3) } .share-4 { fill: var(--s4) } .share-5 { fill: var(--s5) }
.layers { list-style: none; margin: 0; padding: 0 0 0 1.4rem; border-left: 2px solid var(--line) }
.step { position: relative; padding: .45rem 0 } .step::before { content: ""; position: absolute; left: calc(-1.4rem - 6px); top: .95rem; width: 10px; height: 10px; border-radius: 50%; background: var(--ground); border: 2px solid #8a93b0 }
.has-layer { background: var(--card); border: 1px solid var(--line); border-radius: 12px; padding: .7rem 1.1rem; margin: .45rem 0; box-shadow: var(--shadow) } .has-layer::before { left: calc(-1.4rem - 7px); top: 1.2rem; background: var(--accent); border-color: var(--accent) }
.step .quiet { display: flex; flex-wrap: wrap; align-items: center; gap: .2rem .8rem } .step strong { color: var(--text); font-variant-numeric: tabular-nums } meter { width: 7rem; height: .8rem } meter::-webkit-meter-bar { background: var(--code); border: 1px solid var(--line); border-radius: 99px; height: .6rem } meter::-webkit-meter-optimum-value { background: var(--accent); border-radius: 99px } meter::-moz-meter-bar { background: var(--accent) }
.nothing { background: var(--card); border: 1px dashed #8a93b0; border-radius: 12px; padding: 1.2rem 1.3rem } .nothing p { margin: 0 0 .6rem }
.pager { display: flex; gap: 1rem; margin: 1.4rem 0 } .pager a { padding: .4rem 1rem; border: 1px solid var(--line); border-radius: 8px; background: var(--card); text-decoration: none }
footer { margin-block: 3.5rem 2rem; padding-top: 1rem; border-top: 1px solid var(--line); color: var(--quiet); font-size: .85rem }
@media (max-width: 40rem) { .facts > div { grid-template-columns: 1fr } h1 { font-size: 1.5rem } .command { flex-direction: column } .command .label { border-right: 0; border-bottom: 1px solid var(--line) } }
`
