# What no answer may say, whatever its confidence. `.input` is the CSV's row, `.answer` the model's.
#
# rule about_money escalate: the message speaks of money, so the topic is payment
#   breaks {"input": {"text": "I was charged twice", "order_total": "10"}, "answer": {"topic": "technical"}}
#   holds  {"input": {"text": "I was charged twice", "order_total": "10"}, "answer": {"topic": "payment"}}
# rule no_order note: there is no order to deliver or to pay
#   breaks {"input": {"text": "Where is it?", "order_total": "0"}, "answer": {"topic": "delivery"}}
{
  about_money: (.answer.topic != "payment"
                and (.input.text | test("charged|refund|money|invoice|fee"; "i"))),
  no_order: (.answer.topic != "technical" and (.input.order_total | tonumber) == 0)
}
