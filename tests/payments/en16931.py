"""The rules of EN 16931 that sums have to keep, recomputed from the XML of an invoice alone."""

from decimal import ROUND_HALF_UP, Decimal

from lxml import etree

RAM = "{urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100}"


def amounts(xml: bytes) -> dict[str, Decimal]:
    """The sums of the document by the name of their element."""
    root = etree.fromstring(xml)
    sums = root.find(f".//{RAM}SpecifiedTradeSettlementHeaderMonetarySummation")
    return {child.tag.removeprefix(RAM): Decimal(child.text) for child in sums}


def hold_to_the_rules(xml: bytes) -> None:
    """BR-CO-10, 13, 14, 15, 16, 17 of EN 16931, recomputed from the XML alone."""
    root, sums = etree.fromstring(xml), amounts(xml)
    lines = [
        Decimal(one.text)
        for one in root.findall(
            f".//{RAM}SpecifiedTradeSettlementLineMonetarySummation/{RAM}LineTotalAmount"
        )
    ]
    groups = [
        {child.tag.removeprefix(RAM): child.text for child in tax}
        for tax in root.findall(f".//{RAM}ApplicableHeaderTradeSettlement/{RAM}ApplicableTradeTax")
    ]
    assert sums["LineTotalAmount"] == sum(lines)
    assert sums["TaxBasisTotalAmount"] == (
        sums["LineTotalAmount"] - sums["AllowanceTotalAmount"] + sums["ChargeTotalAmount"]
    )
    assert sums["TaxTotalAmount"] == sum(Decimal(group["CalculatedAmount"]) for group in groups)
    assert sums["GrandTotalAmount"] == sums["TaxBasisTotalAmount"] + sums["TaxTotalAmount"]
    assert sums["DuePayableAmount"] == (
        sums["GrandTotalAmount"] - sums["TotalPrepaidAmount"] + sums.get("RoundingAmount", 0)
    )
    for group in groups:
        exact = Decimal(group["BasisAmount"]) * Decimal(group.get("RateApplicablePercent", 0)) / 100
        cents = exact.quantize(Decimal("0.01"), ROUND_HALF_UP)
        assert Decimal(group["CalculatedAmount"]) == cents
