using OnnxTransfer.Imaging;

namespace OnnxTransfer.Backbones;

/// <summary>
/// From a decoded image to the input tensor, as the backbone was trained: resize, cut out the centre, (x / 255 - mean) / std.
/// </summary>
/// <param name="Pixels">Resize and cut; done before the graph, whose input is the cut-out.</param>
/// <param name="Mean">Three numbers, of x / 255, in the order of the network's channels; subtracted in the graph.</param>
/// <param name="Std">Three numbers above 0, likewise.</param>
public sealed record PreprocessingDescription(PixelPreprocessing Pixels, IReadOnlyList<float> Mean, IReadOnlyList<float> Std);
