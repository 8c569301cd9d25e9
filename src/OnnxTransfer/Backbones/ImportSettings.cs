using OnnxTransfer.Imaging;
using OnnxTransfer.Onnx;

namespace OnnxTransfer.Backbones;

/// <summary>What an ONNX file does not say about itself, and how the description made of it is kept.</summary>
public sealed record ImportSettings
{
    /// <summary>The largest mean or std that can be one of x / 255; above it is one of pixels from 0 to 255.</summary>
    public const float LargestOfUnit = 1.5f;

    /// <summary>What the backbone is to be called; null: the file's name without its ending.</summary>
    public string? Name { get; init; }

    /// <summary>Where the weights come from.</summary>
    public string Source { get; init; } = "";

    /// <summary>Licence of the weights.</summary>
    public string Licence { get; init; } = "";

    /// <summary>The input that takes the image, where the graph has several; taps are then looked for among what the others have no part in.</summary>
    public string? Input { get; init; }

    /// <summary>Rows and columns of the input, where the graph leaves them open.</summary>
    public (int Height, int Width)? Size { get; init; }

    /// <summary>Mean per channel of x / 255, in the network's channel order; null: as the graph hints, if it does.</summary>
    public IReadOnlyList<float>? Mean { get; init; }

    /// <summary>Standard deviation per channel of x / 255, likewise.</summary>
    public IReadOnlyList<float>? Std { get; init; }

    /// <summary>Order of the colour channels.</summary>
    public ChannelOrder Channels { get; init; } = ChannelOrder.Rgb;

    /// <summary>Resize rule; null: exact for inputs under 64 pixels, otherwise by the shorter side.</summary>
    public ResizeRule? Resize { get; init; }

    /// <summary>Length of the shorter side after the resize, before the centre is cut out; 0: the input's shorter side by 256 / 224.</summary>
    public int ShorterSide { get; init; }

    /// <summary>How pixels are interpolated.</summary>
    public Interpolation Interpolation { get; init; } = Interpolation.Bilinear;

    /// <summary>
    /// Further taps, each <c>name=tensor</c> or <c>name=tensor:pooling</c>; one of the name of a proposed tap takes its place.
    /// </summary>
    public IReadOnlyList<string> Taps { get; init; } = [];

    /// <summary>Names of the taps that make the embedding; null: what the classifier sees.</summary>
    public IReadOnlyList<string>? Embedding { get; init; }

    /// <summary>Where the description is written; null: beside the file, under its name with the ending .json.</summary>
    public string? Output { get; init; }

    /// <summary>Whether a description that is there already is replaced.</summary>
    public bool Overwrite { get; init; }
}
