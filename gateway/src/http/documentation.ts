import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Router, type Response } from 'express';
import type { Handlers } from './handlers.js';

const ASSETS = ['swagger-ui.css', 'swagger-ui-bundle.js', 'favicon-32x32.png'];
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/**
 * `/openapi.json` and `/docs`. Most gateways are never asked for either, so what makes them is loaded at the first
 * request.
 */
export function createDocumentation(title: string, handlers: Handlers): Router {
  const router = Router({ caseSensitive: true, strict: true });
  let document: string | undefined;
  router.get('/openapi.json', async (_request, response) => {
    if (document === undefined) {
      const { openApiDocument } = await import('./openapi.js');
      document = JSON.stringify(openApiDocument(title, handlers));
    }
    response.type('application/json').send(document);
  });
  router.get('/docs', (_request, response) => {
    page(response).type('html').send(PAGE);
  });
  router.get('/docs/start.js', (_request, response) => {
    page(response).type('js').send(START);
  });
  for (const asset of ASSETS) {
    router.get(`/docs/${asset}`, (_request, response) => {
      page(response).sendFile(join(assets(), asset), { dotfiles: 'allow' });
    });
  }
  return router;
}

function page(response: Response): Response {
  return response.set('Content-Security-Policy', POLICY);
}

function assets(): string {
  return dirname(fileURLToPath(import.meta.resolve('swagger-ui-dist/package.json')));
}

const PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>Consent ledger gateway</title>
<link rel="icon" href="/docs/favicon-32x32.png">
<link rel="stylesheet" href="/docs/swagger-ui.css">
</head>
<body>
<div id="docs"></div>
<script src="/docs/swagger-ui-bundle.js"></script>
<script src="/docs/start.js"></script>
</body>
</html>
`;

const START = `SwaggerUIBundle({ url: '/openapi.json', dom_id: '#docs', deepLinking: true, validatorUrl: null });
`;
