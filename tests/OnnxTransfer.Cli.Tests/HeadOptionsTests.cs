using OnnxTransfer.Tests;
using OnnxTransfer.Tests.Embeddings;

namespace OnnxTransfer.Cli.Tests;

/// <summary><c>heads</c> and the options of <c>train</c> that decide on the head.</summary>
public sealed class HeadOptionsTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    public static TheoryData<string> Classifiers => ["logistic", "svm", "lda", "centroid", "knn", "mlp"];

    [Theory]
    [MemberData(nameof(Classifiers))]
    public async Task Every_classifier_is_trained_exported_and_evaluates_as_trained(string head)
    {
        var images = SmallImages.WriteLearnable(_folder, 25);
        var trained = await Train(images, "--head", head, "-o", _folder["m.onnx"], "--json");
        var evaluated = await CommandRun.Of("evaluate", _folder["m.onnx"], images, "--json");

        Assert.Equal((0, head), (trained.ExitCode, (string?)trained.Json["head"]));
        Assert.Equal((1.0, 1.0), ((double)trained.Json["accuracy"]!, (double)evaluated.Json["accuracy"]!));
        Assert.Equal("light", (string?)evaluated.Json["classes"]![1]!["class"]);
        Assert.NotNull(trained.Json["settings"]!["calibration"]);
    }

    [Fact]
    public async Task Auto_compares_and_says_what_it_found()
    {
        var images = SmallImages.WriteLearnable(_folder, 25);
        var run = await Train(images, "--head", "auto", "--folds", "3", "--json");

        Assert.Equal(0, run.ExitCode);
        Assert.Equal(["centroid", "knn", "lda", "logistic", "mlp", "svm"], run.Json["selection"]!["heads"]!.AsArray().Select(one => (string)one!["head"]!).Order());
        Assert.Equal("accuracy", (string?)run.Json["selection"]!["metric"]);
        Assert.Contains("is best by accuracy", (string?)run.Json["selection"]!["verdict"], StringComparison.Ordinal);
        Assert.Equal((string?)run.Json["selection"]!["heads"]![0]!["head"], (string?)run.Json["head"]);
    }

    [Fact]
    public async Task A_source_joins_the_fit_and_its_shift_is_told()
    {
        var images = SmallImages.WriteLearnable(_folder, 30);
        foreach (var i in Enumerable.Range(0, 40))
        {
            File.WriteAllBytes(_folder["other", i % 2 == 0 ? "dark" : "light", $"{i}.bmp"], SmallImages.Bitmap(9000 + i));
        }

        File.Copy(Directory.GetFiles(Path.Combine(images, "dark"))[0], _folder["other", "dark", "copy.bmp"]);
        var run = await Train(images, "--source", _folder["other"], "--source-weight", "0.2", "--json");

        Assert.Equal(0, run.ExitCode);
        Assert.InRange((double)run.Json["shift"]!["accuracy"]!, 0.9, 1);
        Assert.Contains("1 of 41 items of --source have the content of items of the data; they are left out", run.Error, StringComparison.Ordinal);
        Assert.Contains("all of its items are items of the data too", (await Train(images, "--source", images)).Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Several_labels_several_targets_and_intervals_are_trained_and_predicted()
    {
        var images = SmallImages.WriteLearnable(_folder, 20, "images");
        var files = Directory.GetFiles(images, "*.bmp", SearchOption.AllDirectories).Order(StringComparer.Ordinal).ToArray();
        bool IsLight(string file) => file.Contains("light", StringComparison.Ordinal);
        File.WriteAllLines(_folder["tags.csv"], ["path,labels", .. files.Select((file, i) => $"{file},{(IsLight(file) ? "light|any" : "any")}{(i % 7 == 0 ? "|seventh" : "")}")]);
        File.WriteAllLines(_folder["values.csv"], ["path,price,area", .. files.Select((file, i) => $"{file},{(IsLight(file) ? 200 : 100) + (i % 3)},{(IsLight(file) ? 20 : 10)}")]);

        var tags = await Train(_folder["tags.csv"], "--labels", "labels", "-o", _folder["tags.onnx"], "--json");
        var several = await Train(_folder["values.csv"], "--target", "price,area", "-o", _folder["several.onnx"]);
        var interval = await Train(_folder["values.csv"], "--target", "price", "--head", "quantile", "--set", "coverage=0.8", "-o", _folder["interval.onnx"]);

        Assert.Equal((0, 0, 0), (tags.ExitCode, several.ExitCode, interval.ExitCode));
        Assert.InRange((double)tags.Json["meanAveragePrecision"]!, 0.5, 1);
        Assert.Contains("R2 of area", several.Out, StringComparison.Ordinal);
        Assert.Contains("(0.8 asked)", interval.Out, StringComparison.Ordinal);
        var light = files.First(IsLight);
        Assert.Contains("light", (await CommandRun.Of("predict", _folder["tags.onnx"], light, "--json")).Json[0]!["labels"]!.AsArray().Select(label => (string?)label));
        Assert.Matches(@"price (19|20)\d.*area (19|20)", (await CommandRun.Of("predict", _folder["several.onnx"], light)).Out);
        Assert.Matches(@"\t\d+(\.\d+)? \(\d+(\.\d+)? to \d+(\.\d+)?\)", (await CommandRun.Of("predict", _folder["interval.onnx"], light)).Out);
    }

    [Theory]
    [InlineData("error: --set dropout=2: head 'mlp' expects 0 to below 1", "--head", "mlp", "--set", "dropout=2")]
    [InlineData("error: --set hidden=abc: head 'mlp' expects whole numbers from 1 to 65536 separated by commas, or none", "--head", "mlp", "--set", "hidden=abc")]
    [InlineData("error: --set patience: the number of epochs is given, so that none is searched for; leave it out", "--head", "mlp", "--set", "epochs=5", "--set", "patience=3")]
    [InlineData("error: --set neighbors: head 'knn' has no such setting; expected one of: neighbours, distance, weighting ('onnxtransfer heads knn' tells more)", "--head", "knn", "--set", "neighbors=3")]
    [InlineData("error: --set distance=chebyshev: head 'knn' expects euclidean, cosine", "--head", "knn", "--set", "distance=chebyshev")]
    [InlineData("error: --l2: head 'knn' has no such penalty; leave it out, or see 'onnxtransfer heads knn'", "--head", "knn", "--l2", "1")]
    [InlineData("error: --l2 NaN: expected 0 or more, or nothing to have it chosen", "--l2", "NaN")]
    [InlineData("error: --time-budget : expected a time such as 90s, 10m or 1h", "--head", "auto", "--time-budget", "")]
    [InlineData("error: --time-budget 1e300h: expected a time such as 90s, 10m or 1h", "--head", "auto", "--time-budget", "1e300h")]
    [InlineData("error: --metric is what --head auto compares by; say --head auto, or leave it out", "--metric", "accuracy")]
    [InlineData("has classes; expected one of: accuracy, macro-f1, macro-recall, log-loss", "--head", "auto", "--metric", "r2")]
    [InlineData("error: --class-weights bright=5: there is no class 'bright'; the classes are dark, light", "--class-weights", "bright=5")]
    [InlineData("error: --class-weights dark=0: expected balanced, or CLASS=WEIGHT pairs", "--class-weights", "dark=0")]
    [InlineData("error: --class-weights and --sampling both balance classes; give one of them", "--class-weights", "balanced", "--sampling", "over")]
    [InlineData("error: --source-weight weighs the rows of --source; say --source too", "--source-weight", "1")]
    [InlineData("error: --validation 0.6: expected at most half, 0.5", "--validation", "0.6")]
    [InlineData("error: --compare numbers fits on the columns of --numbers alone; say --numbers too", "--compare", "numbers")]
    [InlineData("error: --head perceptron: no such head; expected auto, centroid", "--head", "perceptron")]
    public async Task What_does_not_go_together_is_refused_before_any_work(string message, params string[] options)
    {
        var run = await Train(SmallImages.WriteLearnable(_folder, 4), options);

        Assert.Equal(2, run.ExitCode);
        Assert.Contains(message, run.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("embedded", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_price_without_logarithm_is_named_before_any_work()
    {
        var files = Directory.GetFiles(SmallImages.WriteLearnable(_folder, 10, "images"), "*.bmp", SearchOption.AllDirectories);
        File.WriteAllLines(_folder["p.csv"], ["path,price", .. files.Select((file, i) => $"{file},{(i == 3 ? -5 : 10 + i)}")]);
        var run = await Train(_folder["p.csv"], "--target", "price", "--log-target");

        Assert.Equal(2, run.ExitCode);
        Assert.Contains("has the target -5, which has no logarithm", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Heads_are_listed_with_their_settings()
    {
        var all = await CommandRun.Of("heads");
        var one = await CommandRun.Of("heads", "mlp");
        var json = await CommandRun.Of("heads", "--json");

        Assert.Contains("Dense(hidden, relu)", all.Out, StringComparison.Ordinal);
        Assert.Contains("--set dropout=...", one.Out, StringComparison.Ordinal);
        Assert.Equal(9, json.Json.AsArray().Count);
    }

    private Task<CommandRun> Train(string data, params string[] options) => CommandRun.Of(["train", data, "--cache", _folder["cache"], .. options]);
}
