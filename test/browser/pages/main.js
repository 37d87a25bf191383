// The page's side of the browser tests: what the test calls by name, and what the policy forbade meanwhile.
// It loads nothing of the library until a case asks for it, so that a case sees its own requests alone.
const violations = [];
document.addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI }) =>
  violations.push(`${violatedDirective}: ${blockedURI}`),
);

globalThis.violations = violations;

/** Runs a case of cases.js; what it throws comes back as text, since errors do not travel well. */
globalThis.runCase = async (name, argument) => {
  try {
    const cases = await import('./cases.js');
    return { value: await cases[name](argument) };
  } catch (error) {
    return { error: String(error?.stack ?? error) };
  }
};
