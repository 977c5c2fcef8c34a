# Ready rules for invoices. Copy the declarations and the members of the object below that you
# need, with the functions they use. Each is silent where the fields that it reads are absent.
#
# The document is the input, and over it what the answer says if it is an object:
#   supplier_state, place_of_supply  GST state codes: "27"; the tax type is the answer, or its
#   tax_type                         CGST_SGST, CGST_UTGST or IGST
#   gstin, supplier_state            India: CGST Rules 2017, rule 10
#   iban                             ISO 13616
#   vat_id                           with its country: "DE136695976"
#   invoice_date, due_date           ISO 8601: "2026-08-31"
#   currency                         ISO 4217: "EUR"
#   lines: [{quantity, unit_price, amount}], net, tax_rate (percent), tax, total
# Figures may be numbers or texts of numbers, as a CSV has them.
#
# rule tax_type escalate: the tax is not the one that the two states call for (IGST Act, sections 7 and 8)
#   breaks {"input": {"supplier_state": "27", "place_of_supply": "29"}, "answer": "CGST_SGST"}
#   breaks {"input": {"supplier_state": "27", "place_of_supply": "27"}, "answer": "IGST"}
#   breaks {"input": {"supplier_state": "04", "place_of_supply": "04"}, "answer": {"tax_type": "CGST_SGST"}}
#   holds  {"input": {"supplier_state": "04", "place_of_supply": "04"}, "answer": {"tax_type": "CGST_UTGST"}}
#   holds  {"input": {"supplier_state": "27", "place_of_supply": "29"}, "answer": "IGST"}
#   holds  {"input": {"supplier_state": "27", "place_of_supply": "27"}, "answer": "CGST_SGST"}
# rule gstin escalate: the GSTIN is none, by its form or its check digit
#   holds  {"input": {"gstin": "27AAPFU0939F1ZV"}, "answer": {}}
#   breaks {"input": {"gstin": "27AAPFU0939F1ZO"}, "answer": {}}
#   breaks {"input": {"gstin": "27AAPFU0939F1Z"}, "answer": {}}
# rule gstin_state escalate: the GSTIN is of another state than the supplier's
#   holds  {"input": {"gstin": "27AAPFU0939F1ZV", "supplier_state": "27"}, "answer": {}}
#   breaks {"input": {"gstin": "27AAPFU0939F1ZV", "supplier_state": "29"}, "answer": {}}
# rule iban escalate: the IBAN is none, by its form or its check digits
#   holds  {"input": {"iban": "GB29 NWBK 6016 1331 9268 19"}, "answer": {}}
#   holds  {"input": {"iban": "DE89370400440532013000"}, "answer": {}}
#   holds  {"input": {"iban": "NO9386011117947"}, "answer": {}}
#   holds  {"input": {"iban": "MT84MALT011000012345MTLCAST001S"}, "answer": {}}
#   breaks {"input": {"iban": "GB29 NWBK 6016 1331 9268 18"}, "answer": {}}
#   breaks {"input": {"iban": "DE8937040044053201300"}, "answer": {}}
# rule vat_id escalate: the VAT number is none, by its form or its check digits
#   holds  {"input": {"vat_id": "DE136695976"}, "answer": {}}
#   breaks {"input": {"vat_id": "DE136695978"}, "answer": {}}
#   holds  {"input": {"vat_id": "ATU13585627"}, "answer": {}}
#   breaks {"input": {"vat_id": "ATU13585626"}, "answer": {}}
#   holds  {"input": {"vat_id": "BE 0428.759.497"}, "answer": {}}
#   breaks {"input": {"vat_id": "BE 0431.150.351"}, "answer": {}}
#   holds  {"input": {"vat_id": "DK13585628"}, "answer": {}}
#   breaks {"input": {"vat_id": "DK13585627"}, "answer": {}}
#   holds  {"input": {"vat_id": "FI20774740"}, "answer": {}}
#   breaks {"input": {"vat_id": "FI20774741"}, "answer": {}}
#   holds  {"input": {"vat_id": "FR40303265045"}, "answer": {}}
#   breaks {"input": {"vat_id": "FR84323140391"}, "answer": {}}
#   holds  {"input": {"vat_id": "IT00743110157"}, "answer": {}}
#   breaks {"input": {"vat_id": "IT00743110158"}, "answer": {}}
#   holds  {"input": {"vat_id": "LU15027442"}, "answer": {}}
#   breaks {"input": {"vat_id": "LU15027443"}, "answer": {}}
#   holds  {"input": {"vat_id": "NL004495445B01"}, "answer": {}}
#   breaks {"input": {"vat_id": "NL123456789B90"}, "answer": {}}
#   holds  {"input": {"vat_id": "PL8567346215"}, "answer": {}}
#   breaks {"input": {"vat_id": "PL8567346216"}, "answer": {}}
#   holds  {"input": {"vat_id": "PT501964843"}, "answer": {}}
#   breaks {"input": {"vat_id": "PT501964842"}, "answer": {}}
#   holds  {"input": {"vat_id": "SE123456789701"}, "answer": {}}
#   breaks {"input": {"vat_id": "SE123456789101"}, "answer": {}}
#   holds  {"input": {"vat_id": "GB980780684"}, "answer": {}}
#   breaks {"input": {"vat_id": "GB802311781"}, "answer": {}}
#   breaks {"input": {"vat_id": "136695976"}, "answer": {}}
# rule dates escalate: a date is none, or the invoice is due before it is dated
#   holds  {"input": {"invoice_date": "2024-02-29", "due_date": "2024-03-30"}, "answer": {}}
#   breaks {"input": {"invoice_date": "2025-02-29"}, "answer": {}}
#   breaks {"input": {"invoice_date": "31.08.2026"}, "answer": {}}
#   breaks {"input": {"invoice_date": "2024-02-29", "due_date": "2024-02-28"}, "answer": {}}
# rule currency escalate: the currency is no code of ISO 4217
#   holds  {"input": {"currency": "INR"}, "answer": {}}
#   breaks {"input": {"currency": "RS."}, "answer": {}}
#   breaks {"input": {}, "answer": {"currency": "Euro"}}
# rule rounding escalate: a figure has more decimals than its currency
#   holds  {"input": {"currency": "EUR", "total": "119.90"}, "answer": {}}
#   holds  {"input": {"currency": "KWD", "total": 1.125}, "answer": {}}
#   breaks {"input": {"currency": "JPY", "total": 100.5}, "answer": {}}
#   breaks {"input": {"currency": "EUR", "net": 10.005}, "answer": {}}
# rule line_amount escalate: quantity times unit price is not the amount of a line
#   holds  {"input": {"lines": [{"quantity": 3, "unit_price": 0.333, "amount": 1.00}]}, "answer": {}}
#   breaks {"input": {"lines": [{"quantity": 2, "unit_price": 5, "amount": 10}, {"quantity": "2", "unit_price": "5", "amount": "12"}]}, "answer": {}}
# rule net_sum escalate: the lines do not add up to the net total
#   holds  {"input": {"lines": [{"amount": 0.1}, {"amount": 0.2}], "net": 0.3}, "answer": {}}
#   breaks {"input": {"lines": [{"amount": 10}, {"amount": 20}], "net": 31}, "answer": {}}
# rule tax_sum escalate: the tax is not its rate of the net total
#   holds  {"input": {"net": 99.99, "tax_rate": 18, "tax": 18.00}, "answer": {}}
#   breaks {"input": {"net": 100, "tax_rate": 18}, "answer": {"tax": 19}}
# rule total_sum escalate: net total and tax do not add up to the total
#   holds  {"input": {"net": 100, "tax": 18, "total": 118}, "answer": {}}
#   breaks {"input": {"net": 100, "tax": 18, "total": 181}, "answer": {}}

def figure: if type == "string" then (tonumber? // null) elif type == "number" then . else null end;
def compact: gsub("[ .-]"; "");
def digits: explode | map(. - 48);
def weigh($weights): [., $weights] | transpose | map(.[0] * .[1]) | add;
def near($other; $by): (. - $other | fabs) <= $by + 1e-6;

# The check digit of a GSTIN: of base 36, weights 1 and 2 in turn, the digits of each product added.
def gstin_good:
  def value: if . < 58 then . - 48 else . - 55 end;
  test("^[0-9]{2}[A-Z]{5}[0-9]{4}[A-Z][1-9A-Z]Z[0-9A-Z]$")
  and (explode | map(value)
       | ([range(14) as $i | .[$i] * (1 + $i % 2) | (. / 36 | floor) + . % 36] | add) as $sum
       | (36 - $sum % 36) % 36 == .[14]);

# ISO 7064, MOD 97-10, over the number that letters A = 10 … Z = 35 make of it, digit by digit.
def mod97: reduce (explode[] | if . < 58 then . - 48 else . - 55 end) as $v
             (0; (if $v < 10 then . * 10 else . * 100 end + $v) % 97);
# Lengths by country: the IBAN registry.
def iban_length: {
  AD: 24, AE: 23, AL: 28, AT: 20, AZ: 28, BA: 20, BE: 16, BG: 22, BH: 22, BR: 29, BY: 28, CH: 21,
  CR: 22, CY: 28, CZ: 24, DE: 22, DK: 18, DO: 28, EE: 20, EG: 29, ES: 24, FI: 18, FO: 18, FR: 27,
  GB: 22, GE: 22, GI: 23, GL: 18, GR: 27, GT: 28, HR: 21, HU: 28, IE: 22, IL: 23, IQ: 23, IS: 26,
  IT: 27, JO: 30, KW: 30, KZ: 20, LB: 28, LC: 32, LI: 21, LT: 20, LU: 20, LV: 21, MC: 27, MD: 24,
  ME: 22, MK: 19, MR: 27, MT: 31, MU: 30, NL: 18, NO: 15, PK: 24, PL: 28, PS: 29, PT: 25, QA: 29,
  RO: 24, RS: 22, SA: 24, SC: 31, SE: 24, SI: 19, SK: 24, SM: 27, ST: 25, SV: 28, TL: 23, TN: 24,
  TR: 26, UA: 29, VA: 22, VG: 24, XK: 20
}[.];
def iban_good:
  compact | test("^[A-Z]{2}[0-9]{2}[0-9A-Z]+$") and length == (.[0:2] | iban_length)
            and (.[4:] + .[0:4] | mod97) == 1;

# Luhn: ISO/IEC 7812-1, annex B.
def luhn: digits | reverse
  | [range(length) as $i | .[$i] * (1 + $i % 2) | if . > 9 then . - 9 else . end] | add % 10 == 0;
# By country, over what follows it; the forms of others are taken as they are.
def vat_good:
  compact
  | if test("^[A-Z]{2}[0-9A-Z+*]{2,13}$") | not then false
    else .[0:2] as $country | .[2:]
    | if $country == "AT" then
        test("^U[0-9]{8}$")
        and (.[1:] | digits
             | ([range(7) as $i | .[$i] * (1 + $i % 2) | (. / 10 | floor) + . % 10] | add) as $sum
             | (10 - ($sum + 4) % 10) % 10 == .[7])
      elif $country == "BE" then
        test("^[01][0-9]{9}$") and ((.[0:8] | tonumber) + (.[8:] | tonumber)) % 97 == 0
      elif $country == "DE" then
        test("^[1-9][0-9]{8}$")
        and (digits
             | (reduce .[0:8][] as $d (10;
                 ((. + $d) % 10 | if . == 0 then 10 else . end) * 2 % 11)) as $p
             | (11 - $p) % 10 == .[8])
      elif $country == "DK" then
        test("^[1-9][0-9]{7}$") and (digits | weigh([2, 7, 6, 5, 4, 3, 2, 1]) % 11 == 0)
      elif $country == "FI" then
        test("^[0-9]{8}$") and (digits | weigh([7, 9, 10, 5, 8, 4, 2, 1]) % 11 == 0)
      elif $country == "FR" then
        if test("^[0-9]{11}$") then
          (.[2:] | luhn) and (.[0:2] | tonumber) == (.[2:] + "12" | mod97)
        else test("^[0-9A-HJ-NP-Z]{2}[0-9]{9}$") end
      elif $country == "GB" then
        if test("^[0-9]{9}([0-9]{3})?$") then
          .[0:9] | digits | weigh([8, 7, 6, 5, 4, 3, 2, 10, 1]) % 97 | . == 0 or . == 42 or . == 55
        else test("^(GD[0-4][0-9]{2}|HA[5-9][0-9]{2})$") end
      elif $country == "IT" then
        test("^[0-9]{11}$") and luhn
      elif $country == "LU" then
        test("^[0-9]{8}$") and (.[0:6] | tonumber) % 89 == (.[6:] | tonumber)
      elif $country == "NL" then
        test("^[0-9]{9}B[0-9]{2}$")
        and ((.[0:9] | digits | weigh([9, 8, 7, 6, 5, 4, 3, 2, -1]) % 11 == 0)
             or ("NL" + . | mod97) == 1)
      elif $country == "PL" then
        test("^[0-9]{10}$") and (digits | weigh([6, 5, 7, 2, 3, 4, 5, 6, 7, -1]) % 11 == 0)
      elif $country == "PT" then
        test("^[1-9][0-9]{8}$")
        and (digits | ((11 - weigh([9, 8, 7, 6, 5, 4, 3, 2, 0]) % 11) % 11 % 10) == .[8])
      elif $country == "SE" then
        test("^[0-9]{10}01$") and (.[0:10] | luhn)
      else true end
    end;

def date_good: test("^[0-9]{4}-[0-9]{2}-[0-9]{2}$")
               and (. as $text | try (strptime("%Y-%m-%d") | mktime | strftime("%Y-%m-%d") == $text)
                                 catch false);

# ISO 4217, list one, and the decimals that are not two.
def currencies:
  "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN"
  + " BZD CAD CDF CHF CLF CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP"
  + " GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR"
  + " KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK"
  + " MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR"
  + " SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS"
  + " UAH UGX USD UYU UZS VED VES VND VUV WST XAF XCD XOF XPF YER ZAR ZMW ZWG";
def decimals:
  { BHD: 3, BIF: 0, CLF: 4, CLP: 0, DJF: 0, GNF: 0, IQD: 3, ISK: 0, JOD: 3, JPY: 0, KMF: 0, KRW: 0,
    KWD: 3, LYD: 3, OMR: 3, PYG: 0, RWF: 0, TND: 3, UGX: 0, VND: 0, VUV: 0, XAF: 0, XOF: 0,
    XPF: 0 }[.] // 2;

# Union territories without a legislature of their own, where UTGST is paid.
def is_territory: . as $code | ["04", "26", "31", "35", "38", "97"] | index($code) != null;

(.answer | if type == "string" then { tax_type: . } elif type == "object" then . else {} end) as $said
| (.input + $said) as $doc
| ($doc.currency // "EUR" | tostring | decimals) as $decimals
| pow(10; -$decimals) as $unit
| ($doc.net | figure) as $net
| ($doc.tax | figure) as $tax
| ($doc.total | figure) as $total
| ($doc.lines | if type == "array" then map(select(type == "object")) else [] end) as $lines
| {
    tax_type: (
      [$doc.supplier_state, $doc.place_of_supply, $doc.tax_type] as [$from, $to, $type]
      | if any($from, $to, $type; type != "string") then false
        else (if $from != $to then "IGST"
              elif $from | is_territory then "CGST_UTGST"
              else "CGST_SGST" end) as $due
        | $type != $due and "from state \($from) to \($to) \($due) is paid, not \($type)"
        end),
    gstin: ($doc.gstin | type == "string" and (gstin_good | not)),
    gstin_state: ($doc.gstin as $gstin | $doc.supplier_state
                  | type == "string" and ($gstin | type == "string") and . != $gstin[0:2]),
    iban: ($doc.iban | type == "string" and (iban_good | not)),
    vat_id: ($doc.vat_id | type == "string" and (vat_good | not)),
    dates: (
      [$doc.invoice_date, $doc.due_date | strings] as $dates
      | if any($dates[]; date_good | not) then "a date is not a day written as 2026-08-31"
        else ($dates | length) == 2 and $dates[0] > $dates[1] end),
    currency: ($doc.currency | type == "string" and (. as $code | currencies | split(" ")
                                                      | index($code) == null)),
    rounding: (
      $doc.currency != null
      and any($net, $tax, $total | numbers; (. / $unit | . - round | fabs) > 1e-6)),
    line_amount: (
      any($lines[] | [.quantity, .unit_price, .amount] | map(figure);
          . as [$quantity, $price, $amount]
          | all(.[]; . != null) and ($quantity * $price | near($amount; $unit / 2) | not))),
    net_sum: (
      ($lines | map(.amount | figure)) as $amounts
      | ($amounts | length) > 0 and all($amounts[]; . != null) and $net != null
        and ($amounts | add | near($net; 0) | not)),
    tax_sum: (
      ($doc.tax_rate | figure) as $rate
      | $rate != null and $net != null and $tax != null
        and ($net * $rate / 100 | near($tax; ([1, ($lines | length)] | max) * $unit / 2) | not)),
    total_sum: ($net != null and $tax != null and $total != null
                and ($net + $tax | near($total; 0) | not))
  }
