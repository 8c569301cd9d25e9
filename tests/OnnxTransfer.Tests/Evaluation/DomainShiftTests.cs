using OnnxTransfer.Embeddings;
using OnnxTransfer.Evaluation;
using OnnxTransfer.Heads;
using OnnxTransfer.Numerics;
using OnnxTransfer.Tests.Heads;
using OnnxTransfer.Tests.Numerics;

namespace OnnxTransfer.Tests.Evaluation;

public sealed class DomainShiftTests
{
    [Fact]
    public void The_discrepancy_is_that_of_the_formula()
    {
        var golden = GoldenFile.Read("Evaluation", "shift.json").GetProperty("discrepancy");
        float[] first = golden.Floats("first"), second = golden.Floats("second");
        var found = MeanDiscrepancy.Of(new Matrix(20, 5, first), new Matrix(14, 5, second), [], 0, default);
        Assert.Equal(golden.Double("bandwidth"), found.Bandwidth, 1e-12);
        Assert.Equal(golden.Double("squared"), found.Squared, 1e-12);
        var exchanged = MeanDiscrepancy.Of(new Matrix(14, 5, second), new Matrix(20, 5, first), [], 0, default);
        Assert.Equal(found.Squared, exchanged.Squared, 1e-12);
    }

    [Fact]
    public void The_p_value_is_the_binomial_tail() =>
        Assert.All(GoldenFile.Read("Evaluation", "shift.json").GetProperty("binomial").EnumerateArray(), value => Assert.Equal(
            1, DomainShift.Binomial(value.GetProperty("hits").GetInt32(), value.GetProperty("tosses").GetInt32()) / value.Double("p"), 1e-9));

    [Fact]
    public void One_distribution_gives_p_values_of_any_size()
    {
        var shifts = Enumerable.Range(0, 12).Select(seed => DomainShift.Measure(Drawn(60, seed: 2 * seed), Drawn(80, seed: (2 * seed) + 1), seed)).ToArray();
        Assert.All(shifts, shift => Assert.Equal(60, shift.Rows));
        Assert.InRange(shifts.Count(shift => shift.DiscrepancyPValue < 0.1), 0, 4);
        Assert.InRange(shifts.Count(shift => shift.AccuracyPValue < 0.1), 0, 4);
        Assert.InRange(shifts.Average(shift => shift.DiscrepancyPValue), 0.25, 0.75);
        Assert.InRange(shifts.Average(shift => shift.Accuracy), 0.43, 0.57);
        Assert.InRange(shifts.Average(shift => shift.MeanDiscrepancy), -0.01, 0.01);
        Assert.InRange(shifts.Average(shift => shift.MeanDistance), 0.8 * Math.Sqrt(2.0 / 60), 1.2 * Math.Sqrt(2.0 / 60));
        var none = shifts.First(shift => shift is { AccuracyPValue: > 0.05, DiscrepancyPValue: > 0.05 });
        Assert.Contains("no shift was found; expect a head fitted on the source to do on the target as on fresh source rows", none.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_shift_is_found_and_said()
    {
        var shift = DomainShift.Measure(Drawn(150, seed: 1), Drawn(120, seed: 2, by: 1.5));
        Assert.InRange(shift.Accuracy, 0.9, 1);
        Assert.InRange(shift.AccuracyPValue, 0, 1e-12);
        Assert.Equal(1.0 / 500, shift.DiscrepancyPValue);
        Assert.InRange(shift.MeanDistance, 1.3, 1.7); // 1.5 in each column, of deviation 1
        Assert.InRange(shift.Accuracy, shift.AccuracyInterval.Low, shift.AccuracyInterval.High);
        string text = shift.ToString();
        Assert.StartsWith($"the domains can be told apart with accuracy {shift.Accuracy:f2} (95 %: ", text, StringComparison.Ordinal);
        Assert.Contains("chance 0.5, p < 0.001): a strong shift, nearly every row shows its domain; do not trust scores from the source", text, StringComparison.Ordinal);
        Assert.EndsWith("measured on 120 rows of each domain", text, StringComparison.Ordinal);
        Assert.Equal(shift, DomainShift.Measure(Drawn(150, seed: 1), Drawn(120, seed: 2, by: 1.5)));
    }

    [Fact]
    public void A_wider_spread_about_the_same_mean_is_a_shift_to_the_kernel_alone()
    {
        var target = Drawn(150, seed: 2).With((_, _, value) => 2.5 * value);
        var shift = DomainShift.Measure(Drawn(150, seed: 1), target);
        Assert.Equal(1.0 / 500, shift.DiscrepancyPValue);
        Assert.InRange(shift.MeanDistance, 0, 0.25);
        Assert.DoesNotContain("no shift was found", shift.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Objects_seen_from_many_sides_are_no_shift_between_domains()
    {
        // 24 objects a domain, 10 near-copies each: row by row the objects would give their domain away.
        EmbeddingSet Objects(long seed)
        {
            var objects = Drawn(24, seed);
            var copies = objects.Subset([.. Enumerable.Range(0, 240).Select(i => i / 10)]).With((i, j, value) => value + (0.01 * ((i + j) % 3)));
            return copies with { Groups = [.. Enumerable.Range(0, 240).Select(i => $"{seed}:{i / 10}")] };
        }

        var shift = DomainShift.Measure(Objects(1), Objects(2));
        Assert.InRange(shift.AccuracyPValue, 0.05, 1);
        Assert.InRange(shift.DiscrepancyPValue, 0.02, 1);
        var apart = DomainShift.Measure(Objects(1) with { Groups = [] }, Objects(2) with { Groups = [] });
        Assert.InRange(apart.DiscrepancyPValue, 0, 0.01);
    }

    [Fact]
    public void Domains_that_do_not_fit_are_refused()
    {
        Assert.Equal(
            "the source's embeddings are 6 wide, the target's 2; expected both from the same backbone, tap and number columns",
            Message(() => DomainShift.Measure(Drawn(20, 1), Planted.Values(20, 2))));
        Assert.Equal(
            "the target has 9 rows; expected at least 10 to measure a shift on", Message(() => DomainShift.Measure(Drawn(20, 1), Drawn(9, 2))));
        Assert.StartsWith(
            "the source: the embedding of row 3 holds a NaN or infinite value",
            Message(() => DomainShift.Measure(Drawn(20, 1).With((i, _, value) => i == 3 ? double.NaN : value), Drawn(20, 2))), StringComparison.Ordinal);
    }

    private static string Message(Action action) => Assert.Throws<FitException>(action).Message;

    private static EmbeddingSet Drawn(int rows, long seed, double by = 0)
    {
        var random = new SeededRandom(seed);
        return new EmbeddingSet { Rows = new Matrix(rows, 6, [.. Enumerable.Range(0, rows * 6).Select(_ => (float)(by + random.NextGaussian()))]) };
    }
}
