# What no confidence may override. `.` is {input, answer, confidence, hop, tier, path}; the program
# gives {name: breach}, where false and null hold, and true or a text is a breach. A breach sends
# the job where the severity of its declaration says.
#
# rule interstate escalate: the tax is not that of the states of seller and buyer
#   breaks {"input": {"seller_state": "KA", "buyer_state": "MH"}, "answer": "CGST_SGST"}
#   breaks {"input": {"seller_state": "KA", "buyer_state": "KA"}, "answer": "IGST"}
#   holds  {"input": {"seller_state": "KA", "buyer_state": "MH"}, "answer": "IGST"}
# rule states_missing review: seller_state or buyer_state is not in the input
#   breaks {"input": {"seller_state": "KA"}, "answer": "IGST"}
#   holds  {"input": {"seller_state": "KA", "buyer_state": "MH"}, "answer": "IGST"}
.answer as $answer
| .input as {seller_state: $from, buyer_state: $to}
| {
    states_missing: ($from == null or $to == null),
    interstate: (
      if $from == null or $to == null then false
      elif $from != $to and $answer != "IGST" then
        "\($answer) between \($from) and \($to), where only IGST can be"
      elif $from == $to and $answer == "IGST" then "IGST within \($from)"
      else false
      end)
  }
