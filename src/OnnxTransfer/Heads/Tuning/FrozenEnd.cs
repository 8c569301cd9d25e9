namespace OnnxTransfer.Heads.Tuning;

/// <summary>Where the frozen part of a network ends and the trained one begins.</summary>
/// <param name="Tensor">Its last tensor; null: nothing is frozen, training begins at the pixels.</param>
/// <param name="Part">What is trained, for file names and reports: layer4, all, behind-TENSOR.</param>
internal sealed record FrozenEnd(string? Tensor, string Part)
{
    /// <summary>For sentences.</summary>
    public string Told => Tensor is null ? "the whole network" : $"what follows '{Tensor}'";
}
