# What an invoice line's tax must be. A sale between two states pays IGST; one within a state pays
# CGST with SGST, and in the five union territories without a legislature with UTGST.
#
# rule tax_between_states escalate: a sale between two states pays IGST
#   breaks {"input": {"supplier_state": "27", "place_of_supply": "29"}, "answer": {"tax_type": "CGST_SGST"}}
#   holds  {"input": {"supplier_state": "27", "place_of_supply": "29"}, "answer": {"tax_type": "IGST"}}
# rule tax_within_state escalate: a sale within a state pays CGST and SGST
#   breaks {"input": {"supplier_state": "27", "place_of_supply": "27"}, "answer": {"tax_type": "IGST"}}
#   holds  {"input": {"supplier_state": "27", "place_of_supply": "27"}, "answer": {"tax_type": "CGST_SGST"}}
# rule tax_within_territory escalate: a sale within this union territory pays CGST and UTGST
#   breaks {"input": {"supplier_state": "31", "place_of_supply": "31"}, "answer": {"tax_type": "CGST_SGST"}}
#   holds  {"input": {"supplier_state": "31", "place_of_supply": "31"}, "answer": {"tax_type": "CGST_UTGST"}}

def unless($right; $text): if $right then false else $text end;

.input as {supplier_state: $from, place_of_supply: $to}
| .answer.tax_type as $tax
| (["04", "26", "31", "35", "38"] | index($from) != null) as $territory
| {
    tax_between_states: unless($from == $to or $tax == "IGST";
      "from state \($from) to state \($to) IGST is paid, not \($tax)"),
    tax_within_state: unless($from != $to or $territory or $tax == "CGST_SGST";
      "within state \($from) CGST and SGST are paid, not \($tax)"),
    tax_within_territory: unless($from != $to or ($territory | not) or $tax == "CGST_UTGST";
      "within union territory \($from) CGST and UTGST are paid, not \($tax)")
  }
