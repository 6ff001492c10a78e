// A certified OpenID provider with one client, some people and their groups, for tests of single sign-on.
import { generateKeyPairSync } from "node:crypto";
import { once } from "node:events";
import http from "node:http";
import net from "node:net";
import { Provider } from "oidc-provider";

/// A port that nobody listens on.
export async function freePort() {
  const listener = net.createServer().listen(0, "127.0.0.1");
  await once(listener, "listening");
  const { port } = listener.address();
  listener.close();
  await once(listener, "close");
  return port;
}

/// Starts one. `groups`: of each person. `redirect`: where its client is. `inToken`: groups stand in the ID token, as Keycloak
/// and Entra ID do it; without that they are said only when somebody asks, as the standard has it.
export async function startProvider({ groups, redirect, inToken }) {
  const port = await freePort();
  const issuer = `http://127.0.0.1:${port}`;
  const client = { id: "cutover", secret: "a-secret-of-the-browser-tests" };
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: client.id,
        client_secret: client.secret,
        redirect_uris: [redirect],
        response_types: ["code"],
        grant_types: ["authorization_code"],
      },
    ],
    jwks: { keys: [{ ...privateKey.export({ format: "jwk" }), use: "sig", alg: "RS256", kid: "tests" }] },
    cookies: { keys: ["only for tests"] },
    claims: { openid: ["sub"], profile: ["preferred_username", "groups"] },
    conformIdTokenClaims: !inToken,
    pkce: { required: () => true },
    features: { devInteractions: { enabled: false } },
    interactions: { url: (_, { uid }) => `/interaction/${uid}` },
    findAccount: (_, accountId) => ({
      accountId,
      claims: () => ({ sub: accountId, preferred_username: `${accountId}@corp.example`, groups: groups[accountId] ?? [] }),
    }),
    // Nobody is asked whether the client may know these.
    async loadExistingGrant({ oidc }) {
      const grant = new oidc.provider.Grant({ clientId: oidc.client.clientId, accountId: oidc.session.accountId });
      grant.addOIDCScope("openid profile");
      await grant.save();
      return grant;
    },
  });
  const everythingElse = provider.callback();
  const server = http.createServer(async (request, response) => {
    if (!request.url.startsWith("/interaction/")) return everythingElse(request, response);
    try {
      await provider.interactionDetails(request, response);
      if (request.method === "POST") {
        let body = "";
        for await (const part of request.setEncoding("utf8")) body += part;
        const form = new URLSearchParams(body);
        const result = form.has("cancel")
          ? { error: "access_denied", error_description: "cancelled" }
          : { login: { accountId: form.get("login") } };
        return await provider.interactionFinished(request, response, result, { mergeWithLastSubmission: false });
      }
      response.setHeader("content-type", "text/html; charset=utf-8");
      response.end(`<!doctype html><html lang="en"><title>Provider</title><link rel="icon" href="data:,"><main><h1>Provider</h1><form method="post">
        <label>Login <input name="login"></label> <button>Go on</button> <button name="cancel" value="1">Cancel</button></form></main>`);
    } catch (error) {
      response.statusCode = 500;
      response.end(String(error));
    }
  });
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  return {
    issuer,
    client,
    stop: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
