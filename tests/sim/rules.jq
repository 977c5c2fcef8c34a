# rule odd escalate: an odd job may not be A
# rule seven review: a job whose number ends with seven is for people
# rule thirteen dead: a job whose number ends with three and is B is done for
# rule seen note: it was looked at
.answer as $answer
| .input.n as $n
| {
    odd: ($n % 2 == 1 and $answer == "A"),
    seven: (if $n % 10 == 7 then "number \($n)" else false end),
    thirteen: ($n % 10 == 3 and $answer == "B"),
    seen: ($n % 5 == 0)
  }
