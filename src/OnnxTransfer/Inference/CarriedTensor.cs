namespace OnnxTransfer.Inference;

/// <summary>A tensor that a run reads and writes anew: what was written is what the next run reads.</summary>
internal sealed class CarriedTensor(BoundTensor current, BoundTensor next)
{
    /// <summary>To be read.</summary>
    public BoundTensor Current { get; private set; } = current;

    /// <summary>To be written.</summary>
    public BoundTensor Next { get; private set; } = next;

    /// <summary>Both change places.</summary>
    public void Turn() => (Current, Next) = (Next, Current);
}
