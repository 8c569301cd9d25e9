#if HAS_MLNET
using System.Diagnostics;
using System.Text.Json.Nodes;
using Microsoft.ML;
using Microsoft.ML.Data;
using OnnxTransfer.Datasets;
using OnnxTransfer.Imaging;

namespace OnnxTransfer.Benchmarks;

/// <summary>
/// apply-onnx-model MODEL TAP FOLDER, the model's input being called input: what users of ML.NET have today: its ApplyOnnxModel on the same network, one row a run, the session's
/// threads as ML.NET leaves them. Its own image loading needs packages that may be absent; the images come from OnnxTransfer's decoder
/// and resizer instead, on the cursor's thread as ML.NET's would, which flatters it. Prints one JSON line.
/// </summary>
internal static class ApplyOnnxModel
{
    private const int Side = 224;
    private const string Input = "input";
    private static readonly float[] Mean = [0.485f, 0.456f, 0.406f], Deviation = [0.229f, 0.224f, 0.225f];

    public static int Run(string model, string tap, string folder)
    {
        var ml = new MLContext();
        var files = ImageFolder.Open(folder).Items.SelectMany(item => item.Images).Select(image => image.Path).ToArray();
        var rows = ml.Data.LoadFromEnumerable(files.Select(Load));
        var estimator = ml.Transforms.ApplyOnnxModel([tap], [Input], model, new Dictionary<string, int[]> { [Input] = [1, 3, Side, Side] }, gpuDeviceId: null, fallbackToCpu: false);
        using var transformer = estimator.Fit(ml.Data.LoadFromEnumerable(new[] { Load(files[0]) }.AsEnumerable()));
        var output = transformer.Transform(rows);
        Read(output, tap, files.Length > 2 ? 2 : 1, out _);
        var clock = Stopwatch.StartNew();
        int count = Read(output, tap, files.Length, out var first);
        double seconds = clock.Elapsed.TotalSeconds;
        Console.WriteLine(new JsonObject
        {
            ["peer"] = $"ML.NET {FileVersionInfo.GetVersionInfo(typeof(MLContext).Assembly.Location).ProductVersion?.Split('+')[0]} ApplyOnnxModel, images from OnnxTransfer's decoder",
            ["imagesPerSecond"] = count / seconds,
            ["images"] = count,
            ["seconds"] = seconds,
            ["first"] = new JsonArray([.. first.Select(value => (JsonNode)value)]),
        }.ToJsonString());
        return 0;
    }

    private static int Read(IDataView view, string column, int most, out float[] first)
    {
        first = [];
        int count = 0;
        foreach (float[] vector in view.GetColumn<float[]>(column))
        {
            first = first.Length == 0 ? vector : first;
            if (++count == most)
            {
                break;
            }
        }

        return count;
    }

    private static Pixels Load(string path)
    {
        byte[] cut = new byte[3 * Side * Side];
        using (var image = ImageDecoders.Default.Decode(File.ReadAllBytes(path), path))
        {
            PixelPreprocessing.ShorterSide(256, Side).Apply(image, cut);
        }

        var row = new Pixels { Values = new float[cut.Length] };
        for (int i = 0; i < Side * Side; i++)
        {
            for (int channel = 0; channel < 3; channel++)
            {
                row.Values[(channel * Side * Side) + i] = ((cut[(3 * i) + channel] / 255f) - Mean[channel]) / Deviation[channel];
            }
        }

        return row;
    }

    private sealed class Pixels
    {
        [ColumnName(Input)]
        [VectorType(1, 3, Side, Side)]
        public float[] Values { get; set; } = [];
    }
}
#endif
