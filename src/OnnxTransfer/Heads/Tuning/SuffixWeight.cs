namespace OnnxTransfer.Heads.Tuning;

/// <summary>A weight of the trained part.</summary>
/// <param name="Name">Its name in the graph.</param>
/// <param name="Decays">Kernels and matrices do, biases, scales and shifts do not.</param>
/// <param name="Node">The first output of the node that reads it.</param>
internal sealed record SuffixWeight(string Name, bool Decays, string Node);
