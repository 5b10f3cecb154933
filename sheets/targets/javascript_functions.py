"""What JavaScript lacks, with numpy's meaning: functions that the page's program carries where it
calls them.
"""

from __future__ import annotations

import re

# A remainder has the divisor's sign. For a whole divisor it is a difference, which is exact where
# it lies within 0 and the divisor: five times as fast as %. A product of two blocks goes along the
# rows of the second, as memory likes it, four at a time; each sum keeps its order, to the last bit.
# 0 log 0 is 0. 1 to any power is 1, to infinity too. A sigmoid does not overflow. The normal
# quantile is Wichura's algorithm AS 241 (1988), which Python's statistics has too; its numbers for
# the middle lie in an array, which browsers read faster than numbers in the code. A function stands
# after those it calls.
FUNCTIONS = {
    "_square": "(x) => x * x",
    "_remainder": (
        "(a, b) => { const r = a % b; return r !== 0 && (r < 0) !== (b < 0) ? r + b : r; }"
    ),
    "_mod": (
        """(a, b) => {
  const r = a - Math.floor(a * (1 / b)) * b;
  return r >= 0 && r < b && b === Math.floor(b) && Math.abs(a) < 2 ** 53 ? r : _remainder(a, b);
}"""
    ),
    "_product": (
        """(out, a, b, rows, length, columns) => {
  out.fill(0);
  for (let i = 0; i < rows; i++) {
    const [from, to] = [i * columns, i * length];
    let k = 0;
    for (; k + 3 < length; k += 4) {
      const [w, x, y, z] = [a[to + k], a[to + k + 1], a[to + k + 2], a[to + k + 3]];
      const [row, next] = [k * columns, 2 * columns];
      for (let j = 0; j < columns; j++) {
        const at = row + j;
        out[from + j] = out[from + j] + w * b[at] + x * b[at + columns]
          + y * b[at + next] + z * b[at + next + columns];
      }
    }
    for (; k < length; k++) {
      for (let j = 0; j < columns; j++) out[from + j] += a[to + k] * b[k * columns + j];
    }
  }
}"""
    ),
    "_power": "(a, b) => (a === 1 || (a === -1 && Math.abs(b) === Infinity) ? 1 : Math.pow(a, b))",
    "_rint": (
        "(x) => { const r = Math.round(x); return Math.abs(x % 1) === 0.5 && r % 2 ? r - 1 : r; }"
    ),
    "_quantile": (
        """(x, q) => {
  if (!(q >= 0 && q <= 1) || x.some(Number.isNaN)) return NaN;
  x.sort((a, b) => a - b);
  const place = q * (x.length - 1), low = Math.floor(place), part = place - low;
  const [a, b] = [x[low], x[Math.min(low + 1, x.length - 1)]];
  return a === b ? a : part < 0.5 ? a + (b - a) * part : b - (b - a) * (1 - part);
}"""
    ),
    "_xlogy": "(x, y) => x * Math.log(y + (x === 0 ? 1 : 0))",
    "_sigmoid": "(x) => Math.exp(Math.min(0, x)) / (1 + Math.exp(-Math.abs(x)))",
    "_normal_tail": (
        """(p) => {
  if (!(p > 0)) return p === 0 ? Infinity : NaN;
  const far = Math.sqrt(-Math.log(p));
  if (far <= 5) {
    const r = far - 1.6;
    return (((((((7.7454501427834140764e-4 * r + 2.27238449892691845833e-2) * r +
      2.41780725177450611770e-1) * r
      + 1.27045825245236838258) * r + 3.64784832476320460504) * r + 5.76949722146069140550) * r +
      4.63033784615654529590) * r
      + 1.42343711074968357734) / (((((((1.05075007164441684324e-9 * r +
      5.47593808499534494600e-4) * r
      + 1.51986665636164571966e-2) * r + 1.48103976427480074590e-1) * r +
      6.89767334985100004550e-1) * r
      + 1.67638483018380384940) * r + 2.05319162663775882187) * r + 1);
  }
  const r = far - 5;
  return (((((((2.01033439929228813265e-7 * r + 2.71155556874348757815e-5) * r +
    1.24266094738807843860e-3) * r
    + 2.65321895265761230930e-2) * r + 2.96560571828504891230e-1) * r + 1.78482653991729133580) *
    r + 5.46378491116411436990) * r
    + 6.65790464350110377720) / (((((((2.04426310338993978564e-15 * r + 1.42151175831644588870e-7)
    * r
    + 1.84631831751005468180e-5) * r + 7.86869131145613259100e-4) * r + 1.48753612908506148525e-2)
    * r
    + 1.36929880922735805310e-1) * r + 5.99832206555887937690e-1) * r + 1);
}"""
    ),
    "_near": (
        """Float64Array.of(2.5090809287301226727e+3, 3.3430575583588128105e+4,
  6.7265770927008700853e+4, 4.5921953931549871457e+4,
  1.3731693765509461125e+4, 1.9715909503065514427e+3, 1.3314166789178437745e+2,
  3.3871328727963666080, 5.2264952788528545610e+3,
  2.8729085735721942674e+4, 3.9307895800092710610e+4, 2.1213794301586595867e+4,
  5.3941960214247511077e+3, 6.8718700749205790830e+2,
  4.2313330701600911252e+1)"""
    ),
    "_normal_quantile": (
        """(p) => {
  const q = p - 0.5, c = _near;
  if (!(Math.abs(q) <= 0.425)) return q > 0 ? _normal_tail(1 - p) : -_normal_tail(p);
  const r = 0.180625 - q * q;
  return (((((((c[0] * r + c[1]) * r + c[2]) * r + c[3]) * r + c[4]) * r + c[5]) * r + c[6]) * r +
    c[7]) * q
    / (((((((c[8] * r + c[9]) * r + c[10]) * r + c[11]) * r + c[12]) * r + c[13]) * r + c[14]) * r
    + 1);
}"""
    ),
}


def called(source: str) -> str:
    """The functions that a program calls, and those that they call."""
    wanted: list[str] = []
    for name, body in reversed(FUNCTIONS.items()):
        if any(re.search(rf"\b{name}\b", text) for text in (source, *wanted)):
            wanted.insert(0, f"const {name} = {body};")
    return "\n".join(wanted)
