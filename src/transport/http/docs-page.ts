/** The two files of the Swagger page that are ours: its HTML, and the script that sets Swagger UI up. */

export const page = `<!DOCTYPE html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <title>loms</title>
    <link rel="stylesheet" href="/docs/swagger-ui.css">
    <link rel="icon" type="image/png" href="/docs/favicon-32x32.png" sizes="32x32">
  </head>
  <body>
    <div id="swagger-ui"></div>
    <script src="/docs/swagger-ui-bundle.js"></script>
    <script src="/docs/swagger-initializer.js"></script>
  </body>
</html>
`;

/**
 * `validatorUrl` would send the address of the document to a public validator.
 *
 * Swagger UI parses what it shows with `JSON.parse` and so rounds integers above 2^53, which would show ids
 * that do not exist. The plugin prints a reply's numbers as they were sent, where the browser can
 * (`JSON.rawJSON`: Chromium since 114, Firefox since 135, Safari since 18.4).
 */
export const initializer = `function printExactly(text) {
  const keepDigits = (key, value, context) =>
    typeof value === 'number' && JSON.rawJSON && context ? JSON.rawJSON(context.source) : value;
  try {
    return JSON.stringify(JSON.parse(text, keepDigits), null, 2);
  } catch {
    return text;
  }
}

const ExactNumbers = ({ React }) => ({
  wrapComponents: {
    responseBody: (Original) => (props) => {
      const { content, contentType, getComponent } = props;
      if (typeof content !== 'string' || !/json/i.test(contentType)) return React.createElement(Original, props);
      const code = { language: 'json', downloadable: true, canCopy: true, fileName: 'response.json' };
      return React.createElement(
        'div',
        null,
        React.createElement('h5', null, 'Response body'),
        React.createElement(getComponent('HighlightCode', true), code, printExactly(content)),
      );
    },
  },
});

window.addEventListener('load', () => {
  window.ui = SwaggerUIBundle({
    url: '/openapi.json',
    dom_id: '#swagger-ui',
    deepLinking: true,
    validatorUrl: null,
    presets: [SwaggerUIBundle.presets.apis],
    plugins: [ExactNumbers],
    layout: 'BaseLayout',
  });
});
`;
