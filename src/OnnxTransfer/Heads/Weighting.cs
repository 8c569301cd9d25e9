namespace OnnxTransfer.Heads;

/// <summary>How much a neighbour counts.</summary>
public enum Weighting
{
    /// <summary>All the same.</summary>
    Uniform,

    /// <summary>
    /// 1 / distance, as scikit-learn's weights="distance": where neighbours are at distance 0, they alone count. Cosine
    /// distances below 1e-12 are 0: float32 cannot tell them apart.
    /// </summary>
    InverseDistance,

    /// <summary>exp(cosine / temperature), the weighted neighbours of self-supervised learning (Wu et al. 2018); for <see cref="Distance.Cosine"/>.</summary>
    Softmax,
}
