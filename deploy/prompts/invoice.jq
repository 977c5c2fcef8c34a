# The job's input, {"description", "seller_state", "buyer_state", …}, as messages.
[
  {
    role: "system",
    content: ("You sort invoice lines by the tax that applies. Answer with one word: "
      + "CGST_SGST when seller and buyer are in the same state, "
      + "CGST_UTGST when they are in the same union territory without a legislature, "
      + "IGST when they are in different ones.")
  },
  { role: "user", content: tojson }
]
