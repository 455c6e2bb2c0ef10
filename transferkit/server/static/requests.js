// Requests of the page. An Error has the sentence that the server sent.
const RETRIES = 5;

async function post(path, fields) {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.append(name, value);
  for (let tried = 0; ; tried += 1) {
    const answer = await fetch(path, { method: "POST", body: form });
    const busy = answer.status === 503 && tried < RETRIES;
    if (busy) {
      const seconds = Number(answer.headers.get("Retry-After")) || 1;
      await new Promise((resolve) => setTimeout(resolve, 1000 * seconds));
      continue;
    }
    const value = await answer.json();
    if (!answer.ok) throw new Error(value.error);
    return value;
  }
}

const at = (kind, model) => `/v1/${kind}/${encodeURIComponent(model)}`;

export async function predict(model, file) {
  return (await post(at("predict", model), { files: file })).predictions[0];
}

export const explain = (model, file, name) =>
  post(at("explain", model), { files: file, class: name });

export const similar = (model, file) => post(at("similar", model), { files: file });

export const mark = (model, file, label) => post(at("feedback", model), { files: file, label });
