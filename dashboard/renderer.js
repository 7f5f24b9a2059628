// Runs in the renderer's page beside plotly: what plotly's SVG lacks for files that leave the screen.
// - Its language: without it Chromium takes other digits from a Chinese font, which no PDF reader can copy or find,
//   and may take Japanese forms of 直 and 骨.
// - In a PDF the soft shadow around labels on a map becomes a bitmap and repeats the text four times; an outline does
//   neither. (Elsewhere the shadow stays: Word knows it not, and would draw an outline over the letters.)
const plotlyToImage = Plotly.toImage;
const SVG = "data:image/svg+xml,";
const SHADOW = /text-shadow: (rgb\([^)]*\))[^;]*;/g;
Plotly.toImage = async (figure, options) => {
  const made = await plotlyToImage(figure, options);
  if (options.format !== "svg") return made;
  const whole = made.startsWith(SVG);
  const svg = (whole ? decodeURIComponent(made.slice(SVG.length)) : made).replace("<svg ", '<svg lang="zh-CN" ');
  if (!whole) return svg;
  return SVG + encodeURIComponent(svg.replace(SHADOW, "paint-order: stroke; stroke: $1; stroke-width: 2.5px;"));
};
