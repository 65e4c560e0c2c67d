// Passkeys: fills the hidden field `credential` of a form before it is sent. Pages without a
// passkey form never load this; without it every other way to sign in still works.
const toBytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (char) => char.charCodeAt(0));
const toText = (bytes) => btoa(String.fromCharCode(...new Uint8Array(bytes))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
const withBytes = (list) => list?.map((entry) => ({ ...entry, id: toBytes(entry.id) }));

function asJson(credential) {
  const { response } = credential;
  const plain = { clientDataJSON: toText(response.clientDataJSON) };
  for (const name of ["attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (response[name]) plain[name] = toText(response[name]);
  }
  if (response.getTransports) plain.transports = response.getTransports();
  return {
    id: credential.id, rawId: toText(credential.rawId), type: credential.type, response: plain,
    authenticatorAttachment: credential.authenticatorAttachment ?? undefined,
    clientExtensionResults: credential.getClientExtensionResults(),
  };
}

async function create({ publicKey }) {
  const selection = { ...publicKey.authenticatorSelection, residentKey: "required", requireResidentKey: true, userVerification: "required" };
  return navigator.credentials.create({ publicKey: {
    ...publicKey, challenge: toBytes(publicKey.challenge), user: { ...publicKey.user, id: toBytes(publicKey.user.id) },
    excludeCredentials: withBytes(publicKey.excludeCredentials), authenticatorSelection: selection,
  } });
}

async function get({ publicKey }) {
  return navigator.credentials.get({ publicKey: {
    ...publicKey, challenge: toBytes(publicKey.challenge), allowCredentials: withBytes(publicKey.allowCredentials),
  } });
}

async function optionsOf(form, kind) {
  if (kind !== "login") return JSON.parse(form.dataset.options);
  const answer = await fetch(form.action, { headers: { Accept: "application/json" } });
  if (!answer.ok) throw new Error(`The server answered ${answer.status}.`);
  return (await answer.json()).request_options;
}

for (const place of document.querySelectorAll("[data-passkey]")) {
  if (!window.PublicKeyCredential) break;
  place.hidden = false;
  const kind = place.dataset.passkey;
  const form = place.matches("form") ? place : place.querySelector("form");
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const error = place.querySelector("[role=alert]");
    error.hidden = true;
    try {
      const credential = await (kind === "create" ? create : get)(await optionsOf(form, kind));
      form.elements.credential.value = JSON.stringify(asJson(credential));
      form.submit();
    } catch {
      error.hidden = false;
    }
  });
}
