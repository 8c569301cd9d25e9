namespace OnnxTransfer.Tests.Onnx.Fuzz;

/// <summary>Damaged models: every one is read or refused with a message, none crashes, hangs or takes memory without bound. eng/fuzz.sh runs more.</summary>
public class FuzzTests
{
    private const int Managed = 10_000;
    private const int Native = 300;

    [Fact]
    public void Ten_thousand_variants_are_read_or_refused()
    {
        using var steps = new FuzzSteps();

        Assert.Empty(FuzzWatch.Go(Enumerable.Range(0, Managed), number => FuzzBounds.Managed(steps, number)));

        var (read, refused, _, _) = steps.Counts;
        Assert.True(read > Managed / 5 && refused > Managed / 5, $"{read} read, {refused} steps refused: the variants no longer try both");
    }

    [Fact]
    public void Variants_run_in_the_runtime_or_are_refused()
    {
        // In a process of its own: a fault in native code ends it, and must not end the tests.
        var (exitCode, output) = FuzzProgram.RunAsProcess("native", 0, Native);

        Assert.True(exitCode == 0, output);
        Assert.Matches($@"^{Native} variants: \d+ read, \d+ opened, [1-9]\d+ run", output.TrimEnd().Split('\n')[^1]);
    }

    [Fact]
    public void The_same_number_makes_the_same_variant() => Assert.Equal(Variant.Of(17), Variant.Of(17));
}
