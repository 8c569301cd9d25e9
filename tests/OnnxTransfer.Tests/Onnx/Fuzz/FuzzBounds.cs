namespace OnnxTransfer.Tests.Onnx.Fuzz;

/// <summary>Runs the managed steps on a variant and bounds what they allocate by its size.</summary>
internal static class FuzzBounds
{
    // A dozen functions each copy the graph, and a byte of a protobuf is up to some fifty as objects.
    private const long PerByte = 4000;
    private const long Always = 16 << 20;

    public static void Managed(FuzzSteps steps, int number)
    {
        var bytes = Variant.Of(number);
        var before = GC.GetAllocatedBytesForCurrentThread();
        steps.Managed(bytes);
        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.True(allocated < Always + (PerByte * bytes.Length), $"{allocated} bytes allocated for a file of {bytes.Length}");
    }
}
