namespace OnnxTransfer.Heads.Tuning;

/// <summary>What an autoencoder is made of.</summary>
public enum AutoencoderKind
{
    /// <summary>Fully connected layers, on pixels or on embeddings.</summary>
    Dense,

    /// <summary>Convolutions that halve rows and columns on the way in and double them on the way out; on small images.</summary>
    Convolutional,
}
