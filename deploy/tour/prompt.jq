# The row → the messages of a chat. Its hash is stored with every answer.
[
  { role: "system",
    content: "Sort the customer's message: payment (money, prices, invoices), delivery (parcels, addresses, what arrived) or technical (app, login, errors)." },
  { role: "user", content: "I paid but the order shows as open." },
  { role: "assistant", content: "{\"topic\": \"payment\"}" },
  { role: "user", content: "The courier came while I was out." },
  { role: "assistant", content: "{\"topic\": \"delivery\"}" },
  { role: "user", content: "The page stays white." },
  { role: "assistant", content: "{\"topic\": \"technical\"}" },
  { role: "user", content: .text }
]
