# The job's input, {"description", "seller_state", "buyer_state", …}, as messages: one prompt for
# every dialect. The form of the answer is asked for beside it, from the path's `answer`.
[
  {
    role: "system",
    content: ("You sort invoice lines by the tax that applies. Answer with a JSON object. Its `tax` is "
      + "CGST_SGST when seller and buyer are in the same state, "
      + "CGST_UTGST when they are in the same union territory without a legislature, "
      + "IGST when they are in different ones. Its `confidence`, if asked for, is the probability "
      + "that this is right, from 0 to 1.")
  },
  { role: "user", content: tojson }
]
