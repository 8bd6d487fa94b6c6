import Provider, { errors, type Configuration } from 'oidc-provider';
import type { IssuerMember } from './config.js';
import { forgetfulAdapter } from './forgetful-adapter.js';

const TOKEN_SECONDS = 600;

/**
 * The authorisation server of one member. Knows one grant, client credentials (RFC 6749, section 4.4), in which
 * each demo user is a client, and one kind of token: RFC 9068 (`at+jwt`, ES256) for the member's own gateway.
 */
export function memberProvider(member: IssuerMember): Provider {
  const configuration: Configuration = {
    adapter: forgetfulAdapter,
    clients: member.clients.map(({ id, secret }) => ({
      client_id: id,
      client_secret: secret,
      grant_types: ['client_credentials'],
      redirect_uris: [],
      response_types: [],
      token_endpoint_auth_method: 'client_secret_basic',
      id_token_signed_response_alg: 'ES256',
    })),
    jwks: { keys: [member.signingKey] },
    enabledJWA: { idTokenSigningAlgValues: ['ES256'] },
    clientDefaults: { id_token_signed_response_alg: 'ES256' },
    scopes: [],
    ttl: { ClientCredentials: TOKEN_SECONDS },
    features: {
      devInteractions: { enabled: false },
      userinfo: { enabled: false },
      clientCredentials: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => member.audience,
        getResourceServerInfo: (_ctx, resource) => {
          if (resource !== member.audience)
            throw new errors.InvalidTarget('this issuer serves one gateway only');
          return {
            audience: member.audience,
            scope: '',
            accessTokenFormat: 'jwt',
            accessTokenTTL: TOKEN_SECONDS,
            jwt: { sign: { alg: 'ES256' } },
          };
        },
      },
    },
    extraTokenClaims: (_ctx, token) => {
      const client = member.clients.find(({ id }) => id === token.clientId);
      return {
        roles: client?.roles ?? [],
        references: client?.references ?? [],
        // The client authenticated with its secret for this very token.
        auth_time: Math.floor(Date.now() / 1_000),
        amr: ['pwd'],
      };
    },
  };
  return new Provider(member.issuer, configuration);
}
