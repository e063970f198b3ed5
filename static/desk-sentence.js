// The sentence that is signed and the preview of the stamp name the days of what is chosen in the form.
const sentence = document.getElementById("sentence");

// As months_later() counts on the server: the same day, or the last day of a shorter month.
function monthsLater(day, months) {
  const later = new Date(day);
  later.setUTCMonth(day.getUTCMonth() + months + 1, 0);
  later.setUTCDate(Math.min(day.getUTCDate(), later.getUTCDate()));
  return later;
}

function write(times, day) {
  for (const time of times) {
    time.dateTime = day.toISOString().slice(0, 10);
    time.textContent = day.toLocaleDateString("en-GB", { day: "numeric", month: "long", year: "numeric", timeZone: "UTC" });
  }
}

function turnDial(dial, signed, until, today) {
  const [day, month, year] = signed.toUTCString().split(" ").slice(1);
  dial.querySelector(".dial-day").textContent = `${+day} ${month.toUpperCase()}`;
  dial.querySelector(".dial-year").textContent = year;
  const elapsed = Math.round((100 * (today - signed)) / (until - signed));
  dial.querySelector(".dial-left").setAttribute("stroke-dasharray", `${100 - elapsed} ${elapsed}`);
  for (const path of dial.querySelectorAll(".dial-left, .dial-now")) path.setAttribute("stroke-dashoffset", -elapsed);
}

function follow() {
  const { months, signed_on: signingDay } = sentence.form.elements;
  const today = new Date(sentence.dataset.today);
  const signed = signingDay.valueAsDate ?? today;
  const until = monthsLater(signed, Number(months.value));
  const possible = signed <= today;  // the server refuses a later day
  sentence.querySelector("[data-in-words]").hidden = possible;
  sentence.querySelector("[data-exact]").hidden = !possible;
  const example = document.getElementById("example");
  if (example) example.hidden = !possible;
  if (!possible) return;
  write(document.querySelectorAll("[data-until]"), until);
  if (!example) return;
  write(example.querySelectorAll("[data-signed]"), signed);
  example.querySelector("[data-months]").textContent = `${months.value} month${months.value > 1 ? "s" : ""}`;
  const stamp = example.querySelector("[data-stamp]");
  const inDate = today < until && stamp !== null;
  example.querySelector("[data-lapsed]").hidden = inDate;
  if (stamp) stamp.hidden = !inDate;
  if (!inDate) return;
  const [reviewed, due] = stamp.querySelectorAll(".review-facts time");
  write([reviewed], signed);
  write([due], until);
  turnDial(stamp.querySelector(".review-dial"), signed, until, today);
}

if (sentence) {
  sentence.form.addEventListener("input", follow);
  window.addEventListener("pageshow", follow);  // also where the browser has filled in the form again
}
