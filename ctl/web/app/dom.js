// Elements are made here and nowhere else: text stays text, whatever is in it.

/**
 * Makes an element. Attributes that are functions are listeners, false and null leave an attribute out.
 * @param {string} tag with classes: "button.danger"
 * @param {Object<string, any>} [attributes]
 * @param {...(Node|string|null|undefined|false)} children
 */
export function el(tag, attributes, ...children) {
  const [name, ...classes] = tag.split('.');
  const node = document.createElement(name);
  if (classes.length) node.className = classes.join(' ');
  for (const [key, value] of Object.entries(attributes || {})) {
    if (typeof value === 'function') node.addEventListener(key, value);
    else if (value === true) node.setAttribute(key, '');
    else if (value !== false && value !== null && value !== undefined) node.setAttribute(key, String(value));
  }
  node.append(...children.filter((c) => c !== null && c !== undefined && c !== false));
  return node;
}

const svgNames = 'http://www.w3.org/2000/svg';

/** Makes an SVG element. */
export function svg(tag, attributes, ...children) {
  const node = document.createElementNS(svgNames, tag);
  for (const [key, value] of Object.entries(attributes || {})) node.setAttribute(key, String(value));
  node.append(...children);
  return node;
}

/** Sets a text if it is another one: what has not changed costs no layout. */
export function text(node, value) {
  if (node.textContent !== value) node.textContent = value;
}

/** Sets an attribute if it is another one; null removes it. */
export function attr(node, name, value) {
  if (value === null) {
    if (node.hasAttribute(name)) node.removeAttribute(name);
  } else if (node.getAttribute(name) !== String(value)) node.setAttribute(name, String(value));
}

/** Calls a function in the next frame, however often it is asked to before. */
export function perFrame(f) {
  let due = false;
  return () => {
    if (due) return;
    due = true;
    requestAnimationFrame(() => {
      due = false;
      f();
    });
  };
}
